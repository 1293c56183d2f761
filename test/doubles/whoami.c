/*
 * A double of `whoami.exe /user /fo csv /nh`, which wine's does not know: "name","SID" of this user.
 *
 * Build: x86_64-w64-mingw32-gcc -municode -O1 -o whoami.exe whoami.c -ladvapi32
 */
#include <windows.h>
#include <sddl.h>
#include <stdio.h>

int wmain(int argc, wchar_t **argv) {
  BYTE data[512];
  DWORD size;
  HANDLE token;
  wchar_t *sid;
  if (argc != 5 || wcscmp(argv[1], L"/user") || wcscmp(argv[2], L"/fo") || wcscmp(argv[3], L"csv") ||
      wcscmp(argv[4], L"/nh"))
    return 70;
  if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token)) return 1;
  if (!GetTokenInformation(token, TokenUser, data, sizeof data, &size)) return 1;
  if (!ConvertSidToStringSidW(((TOKEN_USER *)data)->User.Sid, &sid)) return 1;
  printf("\"engine\\ada\",\"%ls\"\r\n", sid);
  return 0;
}
