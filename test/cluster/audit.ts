import type { Cluster } from '../harness/cluster.ts';

/**
 * Triggers that note, in the same transaction, every change of an owner and every commit of a step: who did it
 * (each node has a user of its own), and under which epoch. What a node says of itself plays no part.
 */
const INSTALL = `
  CREATE TABLE audit_epochs (
    id bigserial PRIMARY KEY, partition smallint, was bigint, epoch bigint, owner text, who name,
    at timestamptz DEFAULT clock_timestamp());
  CREATE TABLE audit_commits (
    id bigserial PRIMARY KEY, instance_id uuid, seq bigint, partition smallint, epoch bigint, owner text, who name,
    at timestamptz DEFAULT clock_timestamp());

  CREATE FUNCTION audit_epoch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO audit_epochs (partition, was, epoch, owner, who)
    VALUES (NEW.partition, OLD.epoch, NEW.epoch, NEW.node_id, session_user);
    RETURN NULL;
  END $$;
  CREATE TRIGGER audit AFTER UPDATE ON partitions FOR EACH ROW EXECUTE FUNCTION audit_epoch();

  CREATE FUNCTION audit_commit(of_instance uuid, at_seq bigint) RETURNS void LANGUAGE sql AS $$
    INSERT INTO audit_commits (instance_id, seq, partition, epoch, owner, who)
    SELECT of_instance, at_seq, partition, epoch, node_id, session_user
    FROM omni_instances JOIN partitions USING (partition) WHERE id = of_instance
  $$;
  CREATE FUNCTION audit_seq() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM audit_commit(NEW.id, NEW.last_seq);
    RETURN NULL;
  END $$;
  CREATE TRIGGER audit AFTER UPDATE ON omni_instances FOR EACH ROW
    WHEN (NEW.last_seq <> OLD.last_seq) EXECUTE FUNCTION audit_seq();

  CREATE FUNCTION audit_snapshot() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM audit_commit(NEW.instance_id, NULL);
    RETURN NULL;
  END $$;
  CREATE TRIGGER audit AFTER INSERT OR UPDATE ON actor_snapshots FOR EACH ROW EXECUTE FUNCTION audit_snapshot();
  CREATE TRIGGER audit AFTER UPDATE ON sync_jobs FOR EACH ROW EXECUTE FUNCTION audit_snapshot()`;

/** What must never be found. Each query gives one line of text for each finding. */
const NEVER = {
  'an epoch that did not rise with its new owner': `
    SELECT format('partition %s: %s to %s for %s', partition, was, epoch, coalesce(owner, 'nobody')) AS found
    FROM audit_epochs WHERE epoch < was OR (owner IS NOT NULL AND epoch <> was + 1)`,
  'two nodes that committed in one epoch': `
    SELECT format('partition %s, epoch %s: %s', partition, epoch, string_agg(DISTINCT who, ', ')) AS found
    FROM audit_commits GROUP BY partition, epoch HAVING count(DISTINCT who) > 1`,
  'a commit of a node that had not claimed the epoch': `
    SELECT format('partition %s, epoch %s: %s', partition, epoch, who) AS found
    FROM audit_commits AS made WHERE NOT EXISTS (
      SELECT 1 FROM audit_epochs AS claimed WHERE claimed.partition = made.partition AND claimed.epoch = made.epoch
      AND claimed.who = made.who AND claimed.owner = coalesce(made.owner, claimed.owner))
    AND epoch > (SELECT min(epoch) FROM audit_epochs AS first WHERE first.partition = made.partition)`,
  'a command that ran twice, or out of turn': `
    SELECT format('instance %s: %s after %s', instance_id, seq, before) AS found
    FROM (SELECT instance_id, seq, lag(seq) OVER (PARTITION BY instance_id ORDER BY id) AS before
          FROM audit_commits WHERE seq IS NOT NULL) AS run
    WHERE before IS NOT NULL AND seq <> before + 1`,
  'a command that was lost': `
    SELECT format('instance %s: %s, accepted %s', instance_id, seq, accepted_at) AS found
    FROM commands JOIN omni_instances ON omni_instances.id = instance_id WHERE seq > last_seq`,
  'a dead letter': `SELECT format('instance %s: %s', instance_id, reason) AS found FROM dead_letters`,
  'a message that is stored twice': `
    SELECT format('%s, %s times', external_id, count(*)) AS found
    FROM omni_events GROUP BY instance_id, external_id HAVING count(*) > 1`,
} as const;

/** The history of a cluster, as its database saw it. */
export class Audit {
  readonly #cluster: Cluster;

  private constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  static async install(cluster: Cluster): Promise<Audit> {
    await cluster.sql(INSTALL);
    return new Audit(cluster);
  }

  /** Everything in the whole history that must not be; empty: nothing. To be asked when all is quiet. */
  readonly findings = async (): Promise<readonly string[]> => {
    const all: string[] = [];
    for (const [what, query] of Object.entries(NEVER)) {
      const found = await this.#cluster.sql<{ readonly found: string }>(query);
      if (found.length > 0) all.push(`${what}: ${found.length} times, such as ${found[0]?.found}`);
    }
    return all;
  };

  /** When a node first claimed a partition after this instant (ms), ms; null: it has not. */
  async claimedAfter(node: string, atMs: number): Promise<number | null> {
    const [row] = await this.#cluster.sql<{ readonly at: number | null }>(`
      SELECT (extract(epoch FROM min(at)) * 1000)::float8 AS at FROM audit_epochs
      WHERE who = '${node}' AND owner IS NOT NULL AND at > to_timestamp(${atMs / 1000})`);
    return row?.at ?? null;
  }

  /** How often a partition got an owner. */
  async takeovers(): Promise<number> {
    const [row] = await this.#cluster.sql<{ readonly count: number }>(
      'SELECT count(*)::int AS count FROM audit_epochs WHERE owner IS NOT NULL',
    );
    return row?.count ?? 0;
  }

  /** How many steps a node committed between two instants, ms. */
  async commitsOf(node: string, fromMs: number, toMs: number): Promise<number> {
    const [row] = await this.#cluster.sql<{ readonly commits: number }>(`
      SELECT count(*)::int AS commits FROM audit_commits
      WHERE who = '${node}' AND at BETWEEN to_timestamp(${fromMs / 1000}) AND to_timestamp(${toMs / 1000})`);
    return row?.commits ?? 0;
  }
}
