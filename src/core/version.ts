/**
 * The version of this program, as `--version`, user agents and `build_info` show it. The bundle has it from
 * package.json through the bundler's `define`; from source it is marked as a development version.
 */
declare const ASANA_CONNECTOR_VERSION: string | undefined;

export const version: string =
  typeof ASANA_CONNECTOR_VERSION === 'string' ? ASANA_CONNECTOR_VERSION : '0.1.0-dev';
