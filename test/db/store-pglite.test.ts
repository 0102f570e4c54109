import { leaseContract } from '../contract/store-leases.ts';
import { runtimeStoreContract } from '../contract/store-runtime.ts';
import { pgliteDriver } from './pglite-driver.ts';

runtimeStoreContract(pgliteDriver());
leaseContract(pgliteDriver());
