/*
 * A double of Windows' certutil.exe over the real crypt32 (wine's, in the tests): the five command lines
 * devcert uses and not one more; anything else ends in 70, loudly. Exit codes are HRESULTs, as there.
 *
 * Knobs, files in the folder of the program: dialog-no (the dialog is answered with No), not-elevated,
 * lies (says 0, does nothing), hangs, log (every command line is appended to it).
 *
 * Build: x86_64-w64-mingw32-gcc -municode -O1 -o certutil.exe certutil.c -lcrypt32
 */
#include <windows.h>
#include <wincrypt.h>
#include <stdio.h>
#include <wchar.h>

static wchar_t folder[MAX_PATH];

static int knob(const wchar_t *name) {
  wchar_t path[MAX_PATH + 32];
  swprintf(path, MAX_PATH + 32, L"%ls\\%ls", folder, name);
  return GetFileAttributesW(path) != INVALID_FILE_ATTRIBUTES;
}

static int refuse(const char *why) {
  fprintf(stderr, "certutil double: not modelled: %s\n", why);
  return 70;
}

static void record(int argc, wchar_t **argv) {
  wchar_t path[MAX_PATH + 32];
  FILE *file;
  if (!knob(L"log")) return;
  swprintf(path, MAX_PATH + 32, L"%ls\\log", folder);
  file = _wfopen(path, L"ab");
  if (!file) return;
  for (int i = 1; i < argc; i++) {
    char utf8[2048];
    WideCharToMultiByte(CP_UTF8, 0, argv[i], -1, utf8, sizeof utf8, NULL, NULL);
    fprintf(file, i == 1 ? "%s" : " %s", utf8);
  }
  fprintf(file, "\n");
  fclose(file);
}

/* The physical store for changes: deleting from wine's logical one does not last. */
static HCERTSTORE open_store(int user, const wchar_t *name, int logical) {
  DWORD where = user ? CERT_SYSTEM_STORE_CURRENT_USER : CERT_SYSTEM_STORE_LOCAL_MACHINE;
  return CertOpenStore(logical ? CERT_STORE_PROV_SYSTEM_W : CERT_STORE_PROV_SYSTEM_REGISTRY_W, 0, 0,
                       where | (logical ? CERT_STORE_READONLY_FLAG : 0), name);
}

static PCCERT_CONTEXT find(HCERTSTORE store, const wchar_t *hex) {
  BYTE hash[20];
  CRYPT_HASH_BLOB blob = {20, hash};
  if (wcslen(hex) != 40) return NULL;
  for (int i = 0; i < 20; i++) {
    unsigned byte;
    if (swscanf(hex + 2 * i, L"%2x", &byte) != 1) return NULL;
    hash[i] = (BYTE)byte;
  }
  return CertFindCertificateInStore(store, X509_ASN_ENCODING, 0, CERT_FIND_SHA1_HASH, &blob, NULL);
}

static DWORD add(int user, const wchar_t *path) {
  static BYTE data[65536], der[65536];
  DWORD length, size = sizeof der;
  HCERTSTORE store;
  HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
  if (file == INVALID_HANDLE_VALUE) return 0x80070002;
  if (!ReadFile(file, data, sizeof data, &length, NULL)) return 0x8007000D;
  CloseHandle(file);
  /* Either form, as there. */
  if (!CryptStringToBinaryA((char *)data, length, CRYPT_STRING_BASE64HEADER, der, &size, NULL, NULL)) {
    memcpy(der, data, length);
    size = length;
  }
  store = open_store(user, L"Root", 0);
  if (!store) return 0x80070005;
  if (!CertAddEncodedCertificateToStore(store, X509_ASN_ENCODING, der, size,
                                        CERT_STORE_ADD_REPLACE_EXISTING, NULL))
    return HRESULT_FROM_WIN32(GetLastError());
  CertCloseStore(store, 0);
  return 0;
}

int wmain(int argc, wchar_t **argv) {
  int user, at = 1;
  const wchar_t *verb;
  GetModuleFileNameW(NULL, folder, MAX_PATH);
  *wcsrchr(folder, L'\\') = 0;
  record(argc, argv);
  user = argc > at && !wcscmp(argv[at], L"-user");
  at += user;
  if (argc == at + 4 && !wcscmp(argv[at], L"-f") && !wcscmp(argv[at + 1], L"-addstore")) at++;
  else if (argc == at + 3 && !wcscmp(argv[at], L"-addstore")) return refuse("-addstore without -f");
  if (argc != at + 3) return refuse("this number of arguments");
  verb = argv[at];
  if (!wcscmp(verb, L"-store")) {
    if (wcscmp(argv[at + 1], L"Root") && wcscmp(argv[at + 1], L"Disallowed"))
      return refuse("this store");
    if (wcslen(argv[at + 2]) != 40) return refuse("anything but a SHA-1");
    HCERTSTORE store = open_store(user, argv[at + 1], 1);
    if (!store) return (int)0x80070002;
    return find(store, argv[at + 2]) ? 0 : (int)0x80090011;
  }
  if (wcscmp(argv[at + 1], L"Root")) return refuse("a change of another store");
  if (wcscmp(verb, L"-addstore") && wcscmp(verb, L"-delstore")) return refuse("this verb");
  if (!wcscmp(verb, L"-delstore") && wcslen(argv[at + 2]) != 40)
    return refuse("deleting by anything but a SHA-1");
  if (knob(L"hangs")) Sleep(INFINITE);
  if (knob(L"lies")) return 0;
  if (user && knob(L"dialog-no")) return (int)0x800704C7;
  if (!user && knob(L"not-elevated")) return (int)0x80070005;
  if (!wcscmp(verb, L"-addstore")) return (int)add(user, argv[at + 2]);
  HCERTSTORE store = open_store(user, L"Root", 0);
  PCCERT_CONTEXT found = store ? find(store, argv[at + 2]) : NULL;
  /* 0 even where nothing matched, as there. */
  if (found && !CertDeleteCertificateFromStore(found)) return HRESULT_FROM_WIN32(GetLastError());
  if (store) CertCloseStore(store, 0);
  return 0;
}
