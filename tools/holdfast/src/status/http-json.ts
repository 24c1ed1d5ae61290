/** One HTTP question with a limit; what comes back, or the reason why nothing did. */

export type HttpAnswer =
  | { readonly is: 'answered'; readonly status: number; readonly body: unknown }
  | { readonly is: 'silent'; readonly why: string; readonly refused: boolean };

export type HttpQuestion = {
  readonly url: string;
  readonly limitMs: number;
  readonly method?: 'GET' | 'POST';
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as `Authorization: Bearer`. */
  readonly secret?: string;
};

/** Asks. A body that is no JSON comes back as text. Never rejects. */
export async function askHttp(question: HttpQuestion): Promise<HttpAnswer> {
  const { url, limitMs, method = 'GET', body, secret } = question;
  try {
    const answer = await fetch(url, {
      method,
      signal: AbortSignal.timeout(limitMs),
      headers: {
        ...(secret === undefined ? {} : { authorization: `Bearer ${secret}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { is: 'answered', status: answer.status, body: parsed(await answer.text()) };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const refused = cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED';
    const why = cause instanceof Error ? cause.message || cause.name : String(cause);
    return { is: 'silent', why: `${url}: ${why}`, refused };
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
