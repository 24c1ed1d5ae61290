/** What one simulated Redis holds: its keys, its function libraries, and copies of both for a full sync. */

/** An id of a stream entry: milliseconds and sequence. */
export type StreamId = readonly [number, number];
export type StreamEntry = { readonly id: StreamId; readonly fields: readonly string[] };

export type StreamValue = { is: 'stream'; entries: StreamEntry[]; last: StreamId; added: number };
export type HashValue = { is: 'hash'; fields: Map<string, string> };
export type SortedSetValue = { is: 'zset'; scores: Map<string, number> };
export type StringValue = { is: 'string'; text: string };
export type Value = StreamValue | HashValue | SortedSetValue | StringValue;

export type DataSet = {
  readonly keys: Map<string, Value>;
  /** Function libraries: name → source. */
  readonly libraries: Map<string, string>;
};

/** An empty data set. */
export function createDataSet(): DataSet {
  return { keys: new Map(), libraries: new Map() };
}

/** A copy that shares nothing that can change. */
export function copyDataSet(data: DataSet): DataSet {
  return {
    keys: new Map([...data.keys].map(([key, value]) => [key, copyValue(value)])),
    libraries: new Map(data.libraries),
  };
}

function copyValue(value: Value): Value {
  switch (value.is) {
    case 'stream':
      return { ...value, entries: [...value.entries] };
    case 'hash':
      return { is: 'hash', fields: new Map(value.fields) };
    case 'zset':
      return { is: 'zset', scores: new Map(value.scores) };
    case 'string':
      return { ...value };
  }
}

/** Roughly what Redis would need for it, in bytes; only compared with maxmemory. */
export function dataSetBytes(data: DataSet): number {
  let bytes = 0;
  for (const [key, value] of data.keys) {
    bytes += 64 + key.length;
    if (value.is === 'string') bytes += value.text.length;
    else if (value.is === 'hash')
      for (const [field, text] of value.fields) bytes += 32 + field.length + text.length;
    else if (value.is === 'zset') for (const member of value.scores.keys()) bytes += 48 + member.length;
    else
      for (const entry of value.entries)
        bytes += 32 + entry.fields.reduce((sum, text) => sum + text.length, 0);
  }
  return bytes;
}
