-- The long-term store of all records. ReplacingMergeTree by (account, number): a row that arrives twice is one row
-- for whoever reads with FINAL. The insert is durable when it is answered (both fsync settings), and a repeated insert
-- with the same token is dropped (the window is 0, so none, unless it is set). The constraint refuses a row whose
-- content is not what its hash says.
CREATE TABLE IF NOT EXISTS {database:Identifier}.records (
  account LowCardinality(String),
  number UInt64,
  kind LowCardinality(String),
  signal_id String,
  magic String,
  symbol LowCardinality(String),
  action LowCardinality(String),
  outcome LowCardinality(String),
  reason LowCardinality(String),
  side LowCardinality(String),
  volume String,
  filled_volume String,
  price String,
  at_ms UInt64,
  epoch UInt64,
  record String,
  hash String,
  at DateTime64(3, 'UTC') ALIAS fromUnixTimestamp64Milli(toInt64(at_ms), 'UTC'),
  CONSTRAINT content_is_hashed CHECK lower(hex(SHA256(record))) = hash
)
ENGINE = ReplacingMergeTree
ORDER BY (account, number)
SETTINGS
  fsync_after_insert = 1,
  fsync_part_directory = 1,
  non_replicated_deduplication_window = 10000
