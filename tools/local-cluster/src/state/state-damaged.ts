/** A file of the state folder is missing or not what it should be. Nobody guesses what it held. */
export class StateDamaged extends Error {
  readonly path: string;
  constructor(path: string, message: string, options?: ErrorOptions) {
    super(`${path}: ${message}`, options);
    this.name = 'StateDamaged';
    this.path = path;
  }
}
