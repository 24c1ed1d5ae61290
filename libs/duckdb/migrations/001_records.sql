-- Rows, positions and what is on its way to ClickHouse. One process writes (sync), in one transaction per batch.

-- No key on purpose: numbers are appended contiguously by the one writer, which checks them against `positions` in
-- the same transaction; an index over all rows would have to fit into memory for ever.
CREATE TABLE records (
  account VARCHAR NOT NULL,
  number BIGINT NOT NULL,
  kind VARCHAR NOT NULL,
  signal_id VARCHAR NOT NULL,
  magic VARCHAR NOT NULL,
  symbol VARCHAR NOT NULL,
  action VARCHAR NOT NULL,
  outcome VARCHAR NOT NULL,
  reason VARCHAR NOT NULL,
  side VARCHAR NOT NULL,
  volume VARCHAR NOT NULL,
  filled_volume VARCHAR NOT NULL,
  price VARCHAR NOT NULL,
  at_ms BIGINT NOT NULL,
  epoch BIGINT NOT NULL,
  record VARCHAR NOT NULL,
  hash VARCHAR NOT NULL
);

-- synced: last number in `records`. cut: last number that is in a push batch or was. pushed: every number up to it
-- is confirmed in ClickHouse. stopped: why the account is not synced any further, empty while it is.
CREATE TABLE positions (
  account VARCHAR PRIMARY KEY,
  synced BIGINT NOT NULL,
  cut BIGINT NOT NULL,
  pushed BIGINT NOT NULL,
  stopped VARCHAR NOT NULL,
  stopped_at_ms BIGINT NOT NULL
);

-- A batch is cut, and durable here, before it is sent: the same range travels again after any failure, under the
-- same deduplication token.
CREATE TABLE push_batches (
  account VARCHAR NOT NULL,
  first_number BIGINT NOT NULL,
  last_number BIGINT NOT NULL,
  cut_at_ms BIGINT NOT NULL
);

-- Batches that failed at least once and are not confirmed. set_aside: one row that ClickHouse refuses for its content.
CREATE TABLE failed_syncs (
  account VARCHAR NOT NULL,
  first_number BIGINT NOT NULL,
  last_number BIGINT NOT NULL,
  row_count BIGINT NOT NULL,
  error VARCHAR NOT NULL,
  attempts BIGINT NOT NULL,
  failed_at_ms BIGINT NOT NULL,
  next_at_ms BIGINT NOT NULL,
  set_aside BOOLEAN NOT NULL
);

-- Same number, other content: what is stored stays, what came is kept here for people to judge.
CREATE TABLE conflicts (
  account VARCHAR NOT NULL,
  number BIGINT NOT NULL,
  stored_hash VARCHAR NOT NULL,
  received_hash VARCHAR NOT NULL,
  received_record VARCHAR NOT NULL,
  at_ms BIGINT NOT NULL
);
