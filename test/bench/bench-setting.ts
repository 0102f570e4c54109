export type BenchDatabase = 'PGlite' | 'PostgreSQL';

export interface BenchSetting {
  readonly rounds: number;
  /** Told how far it is. */
  readonly tell: (line: string) => void;
}
