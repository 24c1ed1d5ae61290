/**
 * Secrets that clients present: the API key as `Authorization: Bearer`, a webhook's token in its URL. Both sides are
 * hashed before they are compared in constant time, so that neither length nor content leaks through the answer's time.
 */
import { hash, timingSafeEqual } from 'node:crypto';

const digest = (secret: string): Buffer => hash('sha256', secret, 'buffer');

/** Makes the check for one secret. */
export function secretCheck(secret: string): (presented: string) => boolean {
  const expected = digest(secret);
  return (presented) => timingSafeEqual(digest(presented), expected);
}

/** The bearer token of an Authorization header; undefined where there is none. */
export function bearerToken(header: string | undefined): string | undefined {
  const match = /^Bearer +(\S+)$/i.exec(header ?? '');
  return match?.[1];
}

/** Finds whose token was presented; every token is compared, so that the time does not say which one it was. */
export function findByToken<Holder>(
  holders: readonly { readonly token: string; readonly holder: Holder }[],
): (presented: string) => Holder | undefined {
  const known = holders.map(({ token, holder }) => ({ check: secretCheck(token), holder }));
  return (presented) => {
    let found: Holder | undefined;
    for (const { check, holder } of known) if (check(presented)) found = holder;
    return found;
  };
}
