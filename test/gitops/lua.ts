import { Lua } from 'wasmoon-lua5.1';

/**
 * The parts of Lua 5.1 that Argo CD's scripts can use: the base and table libraries, os.time, os.date, and a `require`
 * for `os` only. The string library is absent, including methods of strings.
 */
const SANDBOX = `
local encode = (function()
  local format, gsub, byte = string.format, string.gsub, string.byte
  local function quote(text)
    return '"' .. gsub(text, '[%c"\\\\]', function(c) return format('\\\\u%04x', byte(c)) end) .. '"'
  end
  local function encode(value)
    if type(value) == 'string' then return quote(value) end
    if type(value) == 'number' then return format('%.14g', value) end
    if type(value) ~= 'table' then return tostring(value) end
    local parts = {}
    if #value > 0 or next(value) == nil then
      for _, item in ipairs(value) do table.insert(parts, encode(item)) end
      return '[' .. table.concat(parts, ',') .. ']'
    end
    for key, item in pairs(value) do table.insert(parts, quote(key) .. ':' .. encode(item)) end
    return '{' .. table.concat(parts, ',') .. '}'
  end
  return encode
end)()
local time, date = os.time, os.date
getmetatable('').__index = nil
string, io, math, debug, coroutine, package = nil, nil, nil, nil, nil, nil
os = { time = time, date = date }
local safe = os
function require(name)
  if name == 'os' then return safe end
  error('module ' .. name .. ' not found')
end
`;

/**
 * Runs a script as Argo CD does, with the global `obj`, and returns its result. As in Argo CD, an empty table becomes
 * an empty array, since Lua does not distinguish the two.
 * @throws Error if the script fails
 */
export async function runLua(script: string, obj: unknown): Promise<unknown> {
  const lua = await Lua.create();
  try {
    const result: unknown = await lua.doString(
      `${SANDBOX}\nobj = ${literal(obj)}\nreturn encode((function()\n${script}\nend)())`,
    );
    return JSON.parse(String(result));
  } finally {
    lua.global.close();
  }
}

/** Returns a JSON value as a Lua literal; `null` becomes absent, as in Argo CD. */
function literal(value: unknown): string {
  if (typeof value === 'string') return quoted(value);
  if (value === null || value === undefined) return 'nil';
  if (Array.isArray(value)) return `{${value.map(literal).join(', ')}}`;
  if (typeof value !== 'object') return JSON.stringify(value);
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
  return `{${entries.map(([key, entry]) => `[${quoted(key)}] = ${literal(entry)}`).join(', ')}}`;
}

/** Escapes every byte, so that no character of a message has a meaning in Lua. */
function quoted(text: string): string {
  return `"${[...Buffer.from(text)].map((byte) => `\\${String(byte).padStart(3, '0')}`).join('')}"`;
}
