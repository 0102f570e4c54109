import type { BinaryNode } from '@whiskeysockets/baileys';
import { ProtocolError } from './protocol-error.ts';

/** Building and reading the nodes of WhatsApp's binary XML. */

/** The server's own address. */
export const SERVER = '@s.whatsapp.net';

export const node = (
  tag: string,
  attrs: Readonly<Record<string, string | undefined>> = {},
  content?: BinaryNode['content'],
): BinaryNode => {
  const given = Object.fromEntries(
    Object.entries(attrs).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  return content === undefined ? { tag, attrs: given } : { tag, attrs: given, content };
};

export const childrenOf = ({ content }: BinaryNode, tag?: string): readonly BinaryNode[] => {
  if (!Array.isArray(content)) return [];
  return tag === undefined ? content : content.filter((child) => child.tag === tag);
};

export const childOf = (parent: BinaryNode | undefined, tag: string): BinaryNode | undefined =>
  parent === undefined ? undefined : childrenOf(parent, tag)[0];

/** Throws `ProtocolError`. */
export const needChild = (parent: BinaryNode, tag: string): BinaryNode => {
  const child = childOf(parent, tag);
  if (child === undefined) throw new ProtocolError(parent.tag, `<${parent.tag}> without <${tag}>`);
  return child;
};

/** The bytes that a node holds, `length` of them if told. Throws `ProtocolError`. */
export const bytesOf = (holder: BinaryNode, length?: number): Buffer => {
  const { content, tag } = holder;
  const bytes =
    typeof content === 'string' ? Buffer.from(content) : content instanceof Uint8Array ? content : undefined;
  if (bytes === undefined) throw new ProtocolError(tag, `<${tag}> without bytes`);
  if (length !== undefined && bytes.length !== length) {
    throw new ProtocolError(tag, `<${tag}> holds ${bytes.length} bytes instead of ${length}`);
  }
  return Buffer.from(bytes);
};

export const needBytes = (parent: BinaryNode, tag: string, length?: number): Buffer =>
  bytesOf(needChild(parent, tag), length);

/** A big-endian number. */
export const needNumber = (parent: BinaryNode, tag: string, length: number): number =>
  needBytes(parent, tag, length).readUIntBE(0, length);

export const needAttr = (holder: BinaryNode, name: string): string => {
  const value = holder.attrs[name];
  if (value === undefined || value === '') throw new ProtocolError(holder.tag, `<${holder.tag}> without ${name}`);
  return value;
};

export const bigEndian = (value: number, length: number): Buffer => {
  const bytes = Buffer.alloc(length);
  bytes.writeUIntBE(value, 0, length);
  return bytes;
};

/** For people: a node as text, with bytes as their number. */
export const textOfNode = ({ tag, attrs, content }: BinaryNode): string => {
  const named = Object.entries(attrs)
    .map(([name, value]) => ` ${name}="${value}"`)
    .join('');
  if (content === undefined || content === null) return `<${tag}${named}/>`;
  const inner = Array.isArray(content) ? content.map(textOfNode).join('') : `${content.length} bytes`;
  return `<${tag}${named}>${inner}</${tag}>`;
};
