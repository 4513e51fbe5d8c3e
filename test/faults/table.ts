import type { Fault } from './fault.ts';
import { apiServerFaults } from './rows/api-server.ts';
import { asanaChangeFaults } from './rows/asana-changes.ts';
import { asanaListingFaults } from './rows/asana-listings.ts';
import { asanaPeopleFaults } from './rows/asana-people.ts';
import { credentialFaults } from './rows/credentials.ts';
import { listAndLeaseFaults } from './rows/lists-and-leases.ts';
import { networkFaults } from './rows/network.ts';
import { outages } from './rows/outages.ts';
import { probeFaults } from './rows/probes.ts';
import { serverFlagFaults } from './rows/server-flags.ts';
import { storageFaults } from './rows/storage.ts';

/** Every fault of the bench, except kills and tenants. */
export const faults: readonly Fault[] = [
  ...apiServerFaults,
  ...listAndLeaseFaults,
  ...serverFlagFaults,
  ...credentialFaults,
  ...asanaChangeFaults,
  ...asanaListingFaults,
  ...asanaPeopleFaults,
  ...networkFaults,
  ...outages,
  ...probeFaults,
  ...storageFaults,
];
