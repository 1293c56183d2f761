"""Facts of certificates and PKCS#12 files as Python's cryptography reads them, a line of JSON for each file.

Standard input: paths, one a line. Passwords that are tried: the arguments."""
import base64, datetime, hashlib, json, re, subprocess, sys, warnings
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, pkcs12

warnings.simplefilter("ignore")
RSA_PSS = bytes.fromhex("06092a864886f70d01010a")
USAGES = ["digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
          "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"]


def attempt(read):
    try:
        return read()
    except BaseException:  # also the panics of its Rust
        return None


def name_of(name):
    if isinstance(name, x509.DNSName):
        return ["dns", name.value]
    if isinstance(name, x509.IPAddress):
        return ["ip", str(name.value)]
    if isinstance(name, x509.RFC822Name):
        return ["email", name.value]
    if isinstance(name, x509.UniformResourceIdentifier):
        return ["uri", name.value]
    return ["directory" if isinstance(name, x509.DirectoryName) else "other", None]


def usages_of(usage):
    on = []
    for bit in USAGES:
        try:
            if getattr(usage, bit):
                on.append(bit)
        except ValueError:
            pass  # encipher_only without key_agreement
    return on


def key_hash(key):
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(spki).hexdigest()


def values_of(data):
    """The encodings of the values in one, without their outer tag: definite lengths, as DER has them."""
    at = 0
    while at < len(data):
        length, start = data[at + 1], at + 2
        if length & 0x80:
            start += length & 0x7F
            length = int.from_bytes(data[at + 2:start], "big")
        yield data[at:start + length], data[start:start + length]
        at = start + length


def own_key_hash(certificate):
    """Over the key as it stands there: public_key() would write it in another form."""
    (_, tbs), = values_of(certificate.tbs_certificate_bytes)
    fields = [raw for raw, _ in values_of(tbs)]
    return hashlib.sha256(fields[6 if fields[0][0] == 0xA0 else 5]).hexdigest()


def openssl_key_hash(certificate):
    """Of RSA-PSS alone: Python leaves out its parameters, and OpenSSL writes them in a form of its own."""
    der = certificate.public_bytes(Encoding.DER)
    if RSA_PSS not in der:
        return None
    asked = ["openssl", "x509", "-inform", "DER", "-noout", "-pubkey"]
    pem = subprocess.run(asked, input=der, capture_output=True, check=True, timeout=60).stdout.decode()
    return hashlib.sha256(base64.b64decode("".join(pem.splitlines()[1:-1]))).hexdigest()


def time_of(certificate, field):
    """Before cryptography 42, which Debian 12 does not have, a time without its zone."""
    aware = getattr(certificate, field + "_utc", None)
    return (aware or getattr(certificate, field).replace(tzinfo=datetime.timezone.utc)).isoformat()


def pem_certificates(data):
    """Before cryptography 39, one block at a time."""
    if hasattr(x509, "load_pem_x509_certificates"):
        return x509.load_pem_x509_certificates(data)
    blocks = re.findall(rb"-----BEGIN (?:X509 )?CERTIFICATE-----.*?-----END [^\n]*-----", data, re.S)
    if not blocks:
        raise ValueError("none")
    return [x509.load_pem_x509_certificate(block) for block in blocks]


def facts(certificate):
    def extension(kind, read):
        try:
            return read(certificate.extensions.get_extension_for_class(kind).value)
        except x509.ExtensionNotFound:
            return []

    return {
        "sha256": hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest(),
        "serial": attempt(lambda: "%X" % certificate.serial_number),
        "subject": attempt(lambda: [it.value for it in certificate.subject if isinstance(it.value, str)]),
        "notBefore": attempt(lambda: time_of(certificate, "not_valid_before")),
        "notAfter": attempt(lambda: time_of(certificate, "not_valid_after")),
        "names": attempt(lambda: extension(x509.SubjectAlternativeName, lambda v: [name_of(n) for n in v])),
        "usages": attempt(lambda: extension(x509.KeyUsage, usages_of)),
        "purposes": attempt(lambda: extension(x509.ExtendedKeyUsage, lambda v: [p.dotted_string for p in v])),
        # In one form or another: OpenSSL writes RSA with its NULL, and curves as they were.
        "keys": [
            attempt(lambda: own_key_hash(certificate)),
            attempt(lambda: key_hash(certificate.public_key())),
            attempt(lambda: openssl_key_hash(certificate)),
        ],
    }


def pkcs12_of(data, passwords):
    for password in passwords:
        store = attempt(lambda: pkcs12.load_pkcs12(data, password.encode() if password else None))
        if store is None and password == "":
            store = attempt(lambda: pkcs12.load_pkcs12(data, b""))
        if store is not None:
            found = ([store.cert] if store.cert else []) + list(store.additional_certs)
            return {
                "password": password,
                "key": attempt(lambda: key_hash(store.key.public_key())) if store.key else None,
                "certificates": [facts(it.certificate) for it in found],
            }
    return None


for line in sys.stdin:
    path = line.rstrip("\n")
    with open(path, "rb") as file:
        data = file.read()
    told = {"path": path}
    certificates = attempt(lambda: pem_certificates(data))
    if certificates is None:
        one = attempt(lambda: x509.load_der_x509_certificate(data))
        certificates = None if one is None else [one]
    if certificates is not None:
        told["certificates"] = [facts(it) for it in certificates]
    elif data[:1] == b"\x30":
        told["store"] = pkcs12_of(data, sys.argv[1:])
    print(json.dumps(told), flush=True)
