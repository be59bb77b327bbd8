import { VaultStore } from '#kernel';

/** For specs without keys: any use of it is a fault. */
export const noVaultStore = Object.create(VaultStore.prototype) as VaultStore;
