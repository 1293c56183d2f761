// node-forge publishes types for its main module only, which would load all of it.
declare module 'node-forge/lib/asn1.js' {
  import type { asn1 } from 'node-forge';
  const module: typeof asn1;
  export default module;
}
