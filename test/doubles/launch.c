/*
 * Starts Node with the double of the same name: `NODE SCRIPT ARGUMENTS`, the first two from the file
 * `<name>.launch` beside it, a line each. Ends as that ends.
 *
 * Build: x86_64-w64-mingw32-gcc -municode -O1 -o icacls.exe launch.c
 */
#include <windows.h>
#include <stdio.h>
#include <wchar.h>

int wmain(int argc, wchar_t **argv) {
  static wchar_t path[MAX_PATH], line[32768];
  char text[2 * MAX_PATH] = {0};
  wchar_t lines[2 * MAX_PATH], *script, *arguments = GetCommandLineW();
  STARTUPINFOW start = {sizeof start};
  PROCESS_INFORMATION process;
  DWORD code;
  FILE *file;
  GetModuleFileNameW(NULL, path, MAX_PATH);
  wcscpy(wcsrchr(path, L'.'), L".launch");
  if (!(file = _wfopen(path, L"rb")) || !fread(text, 1, sizeof text - 1, file)) return 70;
  fclose(file);
  MultiByteToWideChar(CP_UTF8, 0, text, -1, lines, 2 * MAX_PATH);
  if (!(script = wcschr(lines, L'\n'))) return 70;
  *script++ = 0;
  /* What is behind the program's own name, as it was given. */
  arguments = *arguments == L'"' ? wcschr(arguments + 1, L'"') + 1 : arguments + wcscspn(arguments, L" ");
  swprintf(line, 32768, L"\"%ls\" \"%ls\"%ls", lines, script, arguments);
  if (argc < 2 || !CreateProcessW(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &start, &process)) return 70;
  WaitForSingleObject(process.hProcess, INFINITE);
  GetExitCodeProcess(process.hProcess, &code);
  return (int)code;
}
