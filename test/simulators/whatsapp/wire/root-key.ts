/**
 * The key pair that signs the simulator's certificates, in place of WhatsApp's own root. It is public knowledge and
 * protects nothing: only a process that ran `trustSimulator()` believes it.
 */
export const SIMULATOR_ROOT = {
  private: Buffer.from('c823f9ea1ebc7de5999521964947ad341057b96c2a29bc933a0e2ffc82cc0c55', 'hex'),
  public: Buffer.from('a691313c87d63f4145359f51ee208886bf8c1a26953c70aaf50f1478ff624a43', 'hex'),
} as const;
