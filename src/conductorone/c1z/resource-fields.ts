import type { DescMessage } from '@bufbuild/protobuf';
import { RawIdSchema } from '../generated/c1/connector/v2/annotation_pb.ts';
import type { FieldWriter } from './field-writer.ts';

/** Entries of a profile: a google.protobuf.Struct of strings and booleans, in this order. */
export type ProfileEntries = readonly (readonly [key: string, value: string | boolean])[];

/** Writes fields 1 to 3 of a Resource: its id, parent and display name. */
export function writeName(
  writer: FieldWriter,
  id: readonly [type: string, id: string],
  parentWorkspace: string | null,
  displayName: string,
): void {
  writeResourceId(writer, 1, id);
  if (parentWorkspace !== null) writeResourceId(writer, 2, ['workspace', parentWorkspace]);
  writer.string(3, displayName);
}

function writeResourceId(
  writer: FieldWriter,
  field: number,
  [type, id]: readonly [type: string, id: string],
): void {
  const inside = writer.begin(field);
  writer.string(1, type).string(2, id).end(inside);
}

/** Writes an annotation, a google.protobuf.Any: one occurrence of field 4 of a Resource. */
export function writeAnnotation(writer: FieldWriter, typeUrl: string, write: () => void): void {
  const inside = writer.begin(4);
  writer.text(1, typeUrl);
  const value = writer.begin(2);
  write();
  writer.end(value).end(inside);
}

const RAW_ID = typeUrlOf(RawIdSchema);

export function writeRawId(writer: FieldWriter, id: string): void {
  writeAnnotation(writer, RAW_ID, () => writer.string(1, id));
}

export function typeUrlOf({ typeName }: DescMessage): string {
  return `type.googleapis.com/${typeName}`;
}

/** Writes a Struct's fields: a map from keys to Values, whose field 3 is a string and field 4 a boolean. */
export function writeProfile(writer: FieldWriter, entries: ProfileEntries): void {
  for (const [key, value] of entries) {
    const entry = writer.begin(1);
    writer.text(1, key);
    const inside = writer.begin(2);
    if (typeof value === 'string') writer.text(3, value);
    else writer.number(4, value ? 1 : 0);
    writer.end(inside).end(entry);
  }
}
