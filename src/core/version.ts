/**
 * The version of this program, shown by `--version`, user agents and `build_info`. The bundler's `define` sets it from
 * package.json; code that runs from source has a development version.
 */
declare const ASANA_CONNECTOR_VERSION: string | undefined;

export const version: string =
  typeof ASANA_CONNECTOR_VERSION === 'string' ? ASANA_CONNECTOR_VERSION : '0.1.0-dev';
