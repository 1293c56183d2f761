/*
 * Imports a PKCS#12 with crypt32's PFXImportCertStore, as Windows does when somebody opens one. Prints
 * "refused ERROR", or "imported CERTIFICATES KEYS": how many certificates are in it, and how many of them
 * have a private key that fits.
 *
 * Build: x86_64-w64-mingw32-gcc -municode -O1 -o pfx-import.exe pfx-import.c -lcrypt32 -ladvapi32
 */
#include <windows.h>
#include <wincrypt.h>
#include <stdio.h>

#define MAX_BYTES 65536

/* Wine gives the key to every certificate of the file, so the public halves are compared here. */
static int hasKey(PCCERT_CONTEXT certificate)
{
    static BYTE exported[MAX_BYTES];
    PCERT_PUBLIC_KEY_INFO own = (PCERT_PUBLIC_KEY_INFO)exported;
    HCRYPTPROV_OR_NCRYPT_KEY_HANDLE key = 0;
    DWORD spec = 0, length = sizeof exported;
    BOOL ours = FALSE, fits;
    if (!CryptAcquireCertificatePrivateKey(certificate, CRYPT_ACQUIRE_SILENT_FLAG, NULL, &key, &spec, &ours))
        return 0;
    /* Wine 8 names both kinds of key at once. */
    if (spec & AT_KEYEXCHANGE) spec = AT_KEYEXCHANGE;
    fits = CryptExportPublicKeyInfo(key, spec, X509_ASN_ENCODING, own, &length) &&
           CertComparePublicKeyInfo(X509_ASN_ENCODING, own, &certificate->pCertInfo->SubjectPublicKeyInfo);
    if (ours) CryptReleaseContext(key, 0);
    return fits ? 1 : 0;
}

int wmain(int argc, wchar_t **argv)
{
    static BYTE bytes[MAX_BYTES];
    DWORD length = 0;
    HANDLE file;
    CRYPT_DATA_BLOB blob;
    HCERTSTORE store;
    PCCERT_CONTEXT certificate = NULL;
    int certificates = 0, keys = 0;

    if (argc != 3) return 2;
    file = CreateFileW(argv[1], GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE || !ReadFile(file, bytes, MAX_BYTES, &length, NULL)) return 3;
    CloseHandle(file);
    blob.cbData = length;
    blob.pbData = bytes;
    store = PFXImportCertStore(&blob, argv[2], CRYPT_USER_KEYSET);
    if (store == NULL)
    {
        printf("refused 0x%lx\n", GetLastError());
        return 1;
    }
    while ((certificate = CertEnumCertificatesInStore(store, certificate)) != NULL)
    {
        certificates++;
        keys += hasKey(certificate);
    }
    CertCloseStore(store, 0);
    printf("imported %d %d\n", certificates, keys);
    return 0;
}
