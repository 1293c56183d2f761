// What der.ts uses of node-forge's asn1 module. The published types cover the main module only,
// which would load all of forge, and know no combined tags.
declare module 'node-forge/lib/asn1.js' {
  interface ByteBuffer {
    /** One character for each byte. */
    getBytes(): string;
  }
  const asn1: {
    readonly Type: Readonly<
      Record<
        | 'BOOLEAN'
        | 'INTEGER'
        | 'BITSTRING'
        | 'OCTETSTRING'
        | 'NULL'
        | 'OID'
        | 'UTF8'
        | 'SEQUENCE'
        | 'SET'
        | 'PRINTABLESTRING'
        | 'IA5STRING'
        | 'UTCTIME'
        | 'GENERALIZEDTIME'
        | 'BMPSTRING',
        number
      >
    >;
    readonly create: (
      tagClass: number,
      type: number,
      constructed: boolean,
      value: string,
    ) => object;
    readonly toDer: (object: object) => ByteBuffer;
    readonly oidToDer: (dotted: string) => ByteBuffer;
    readonly integerToDer: (value: number) => ByteBuffer;
  };
  export default asn1;
}
