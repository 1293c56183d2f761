/*
 * Opens https://HOST:PORT/ with WinHTTP and WinINet, and has crypt32 judge the chain that the server sends
 * for HOST. Prints "winhttp RESULT", "wininet RESULT", "chain STATUS EXPLANATION": 200, or an error number.
 *
 * Build: x86_64-w64-mingw32-gcc -municode -O1 -o https-client.exe https-client.c -lwinhttp -lwininet -lcrypt32
 */
#include <windows.h>
#include <wincrypt.h>
#include <winhttp.h>
#include <stdio.h>

/* wininet.h and winhttp.h cannot be included together. */
typedef LPVOID HINET;
__declspec(dllimport) HINET WINAPI InternetOpenW(LPCWSTR, DWORD, LPCWSTR, LPCWSTR, DWORD);
__declspec(dllimport) HINET WINAPI InternetOpenUrlW(HINET, LPCWSTR, LPCWSTR, DWORD, DWORD, DWORD_PTR);
__declspec(dllimport) BOOL WINAPI HttpQueryInfoW(HINET, DWORD, LPVOID, LPDWORD, LPDWORD);

/* Certificates of the chain, PEM, leaf first: what trust policy `authtype` says of them. */
static void judge(const wchar_t *path, DWORD usage_only) {
  static char text[65536];
  DWORD length = 0;
  HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
  HCERTSTORE extra = CertOpenStore(CERT_STORE_PROV_MEMORY, 0, 0, 0, NULL);
  PCCERT_CONTEXT leaf = NULL;
  LPSTR usages[] = {(LPSTR)(usage_only ? szOID_PKIX_KP_CODE_SIGNING : szOID_PKIX_KP_SERVER_AUTH)};
  CERT_CHAIN_PARA para = {sizeof para};
  PCCERT_CHAIN_CONTEXT chain;
  ReadFile(file, text, sizeof text - 1, &length, NULL);
  CloseHandle(file);
  for (char *at = text; (at = strstr(at, "-----BEGIN CERTIFICATE-----"));) {
    static BYTE der[16384];
    DWORD size = sizeof der;
    char *end = strstr(at, "-----END CERTIFICATE-----");
    end += strlen("-----END CERTIFICATE-----");
    PCCERT_CONTEXT added = NULL;
    CryptStringToBinaryA(at, end - at, CRYPT_STRING_BASE64HEADER, der, &size, NULL, NULL);
    CertAddEncodedCertificateToStore(extra, X509_ASN_ENCODING, der, size, CERT_STORE_ADD_ALWAYS, &added);
    if (!leaf) leaf = added;
    at = end;
  }
  para.RequestedUsage.dwType = USAGE_MATCH_TYPE_AND;
  para.RequestedUsage.Usage.cUsageIdentifier = 1;
  para.RequestedUsage.Usage.rgpszUsageIdentifier = usages;
  if (!CertGetCertificateChain(NULL, leaf, NULL, extra, &para, 0, NULL, &chain))
    printf("chain failed %lu\n", GetLastError());
  else
    printf("chain 0x%lx\n", chain->TrustStatus.dwErrorStatus);
}

int wmain(int argc, wchar_t **argv) {
  if (argc == 4 && !wcscmp(argv[1], L"chain")) {
    judge(argv[2], !wcscmp(argv[3], L"code"));
    return 0;
  }
  if (argc != 3) return 70;
  wchar_t url[256];
  DWORD status = 0, size = sizeof status;
  HINTERNET session = WinHttpOpen(L"test", WINHTTP_ACCESS_TYPE_NO_PROXY, NULL, NULL, 0);
  HINTERNET connection = WinHttpConnect(session, argv[1], (INTERNET_PORT)_wtoi(argv[2]), 0);
  HINTERNET request =
      WinHttpOpenRequest(connection, L"GET", L"/", NULL, NULL, NULL, WINHTTP_FLAG_SECURE);
  if (WinHttpSendRequest(request, NULL, 0, NULL, 0, 0, 0) && WinHttpReceiveResponse(request, NULL)) {
    WinHttpQueryHeaders(request, WINHTTP_QUERY_STATUS_CODE | WINHTTP_QUERY_FLAG_NUMBER, NULL, &status,
                        &size, NULL);
    printf("winhttp %lu\n", status);
  } else
    printf("winhttp %lu\n", GetLastError());
  swprintf(url, 256, L"https://%ls:%ls/", argv[1], argv[2]);
  HINET inet = InternetOpenW(L"test", 1 /* direct */, NULL, NULL, 0);
  HINET page = InternetOpenUrlW(inet, url, NULL, 0, 0x80000000 /* reload */, 0);
  size = sizeof status;
  if (page && HttpQueryInfoW(page, 19 | 0x20000000 /* status code as a number */, &status, &size, NULL))
    printf("wininet %lu\n", status);
  else
    printf("wininet %lu\n", GetLastError());
  return 0;
}
