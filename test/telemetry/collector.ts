import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { BinaryReader } from '@bufbuild/protobuf/wire';

type Value = string | number | boolean | undefined;
type Fields = Readonly<Record<string, Value>>;

/** A span as received. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for the root span of a trace. */
  readonly parentSpanId: string;
  readonly name: string;
  /** 1 internal, 3 client. */
  readonly kind: number;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly attributes: Fields;
  readonly status: { readonly code: number; readonly message: string };
  readonly resource: Fields;
}

/** A trace collector: OTLP over HTTP with protobuf, decoded by the field numbers of the specification. */
export class Collector implements AsyncDisposable {
  readonly spans: ReceivedSpan[] = [];
  readonly requests: { readonly url: string | undefined; readonly headers: IncomingHttpHeaders }[] = [];
  /** All received bytes as text, so that tests can search them for secrets too. */
  raw = '';
  /** The status of the answers; `null` for no answer. */
  status: number | null = 200;
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks);
        this.requests.push({ url: request.url, headers: request.headers });
        this.raw += body.toString('latin1');
        if (this.status === 200) this.spans.push(...readSpans(body));
        if (this.status !== null)
          response.writeHead(this.status, { 'content-type': 'application/x-protobuf' }).end();
      });
    });
  }

  /** @param port default any free port */
  static async start(port = 0): Promise<Collector> {
    const collector = new Collector();
    await new Promise<void>((resolve) => collector.#server.listen(port, '127.0.0.1', resolve));
    return collector;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Returns the spans of this name. */
  named(name: string): ReceivedSpan[] {
    return this.spans.filter((span) => span.name === name);
  }

  /** Returns the direct children of a span. */
  childrenOf({ spanId }: ReceivedSpan): ReceivedSpan[] {
    return this.spans.filter(({ parentSpanId }) => parentSpanId === spanId);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Calls `onField` for every field of a message; skips fields for which it returns false. */
function readMessage(bytes: Uint8Array, onField: (field: number, reader: BinaryReader) => boolean): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (!onField(field, reader)) reader.skip(wireType, field);
  }
}

/** Returns the messages in one repeated field. */
function messagesIn(bytes: Uint8Array, wanted: number): Uint8Array[] {
  const found: Uint8Array[] = [];
  readMessage(bytes, (field, reader) => field === wanted && found.push(reader.bytes()) > 0);
  return found;
}

/** ExportTraceServiceRequest → ResourceSpans (resource 1, scope_spans 2) → ScopeSpans (spans 2) → Span. */
function readSpans(request: Uint8Array): ReceivedSpan[] {
  return messagesIn(request, 1).flatMap((resourceSpans) => {
    const [resourceBytes = new Uint8Array()] = messagesIn(resourceSpans, 1);
    const resource = attributesIn(resourceBytes, 1);
    return messagesIn(resourceSpans, 2)
      .flatMap((scopeSpans) => messagesIn(scopeSpans, 2))
      .map((span) => ({ ...readSpan(span), attributes: attributesIn(span, 9), resource }));
  });
}

function readSpan(bytes: Uint8Array): Omit<ReceivedSpan, 'attributes' | 'resource'> {
  const span = { traceId: '', spanId: '', parentSpanId: '', name: '', kind: 0, startNs: 0n, endNs: 0n };
  let status = { code: 0, message: '' };
  readMessage(bytes, (field, reader) => {
    if (field === 1) span.traceId = Buffer.from(reader.bytes()).toString('hex');
    else if (field === 2) span.spanId = Buffer.from(reader.bytes()).toString('hex');
    else if (field === 4) span.parentSpanId = Buffer.from(reader.bytes()).toString('hex');
    else if (field === 5) span.name = reader.string();
    else if (field === 6) span.kind = reader.int32();
    else if (field === 7) span.startNs = BigInt(reader.fixed64());
    else if (field === 8) span.endNs = BigInt(reader.fixed64());
    else if (field === 15) status = readStatus(reader.bytes());
    else return false;
    return true;
  });
  return { ...span, status };
}

function readStatus(bytes: Uint8Array): { code: number; message: string } {
  const status = { code: 0, message: '' };
  readMessage(bytes, (field, reader) => {
    if (field === 2) status.message = reader.string();
    else if (field === 3) status.code = reader.int32();
    else return false;
    return true;
  });
  return status;
}

function attributesIn(bytes: Uint8Array, repeated: number): Fields {
  return Object.fromEntries(
    messagesIn(bytes, repeated).map((pair) => {
      let key = '';
      let value: Value;
      readMessage(pair, (field, reader) => {
        if (field === 1) key = reader.string();
        else value = readValue(reader.bytes());
        return true;
      });
      return [key, value];
    }),
  );
}

function readValue(bytes: Uint8Array): Value {
  let value: Value;
  readMessage(bytes, (field, reader) => {
    if (field === 1) value = reader.string();
    else if (field === 2) value = reader.bool();
    else if (field === 3) value = Number(reader.int64());
    else if (field === 4) value = reader.double();
    else return false;
    return true;
  });
  return value;
}
