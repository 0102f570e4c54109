import { catalogueContract } from '../contract/store-catalogue.ts';
import { leaseContract } from '../contract/store-leases.ts';
import { registryContract } from '../contract/store-registry.ts';
import { runtimeStoreContract } from '../contract/store-runtime.ts';
import { settingsContract } from '../contract/store-settings.ts';
import { syncStoreContract } from '../contract/store-sync.ts';
import { pgliteDriver } from './pglite-driver.ts';

runtimeStoreContract(pgliteDriver());
leaseContract(pgliteDriver());
syncStoreContract(pgliteDriver());
catalogueContract(pgliteDriver());
registryContract(pgliteDriver());
settingsContract(pgliteDriver());
