/** How long something may take. There is one limit at a time, which may be set anew or lifted. */
export class Deadline {
  readonly #passed: () => void;
  #timer: NodeJS.Timeout | null = null;

  /** `passed` is called once a limit is over. */
  constructor(passed: () => void) {
    this.#passed = passed;
  }

  set(limitMs: number): void {
    this.lift();
    this.#timer = setTimeout(this.#passed, limitMs);
  }

  lift(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
