// A double of `icacls.exe`, as strict as documented for the command lines that devcert uses; anything else ends
// in 70. It holds the lists of a machine's folders and files, and inherits as NTFS does.

const FULL = ['(OI)(CI)F'];
const names = {
  'S-1-1-0': 'WD',
  'S-1-5-11': 'AU',
  'S-1-5-32-545': 'BU',
  'S-1-5-18': 'SY',
  'S-1-5-32-544': 'BA',
};

export class Drive {
  /** Path → { isProtected, entries: [{ sid, flags }] }, own entries alone. */
  #lists;

  /** @param lists as toJSON() gives them */
  constructor(lists = []) {
    this.#lists = new Map(lists);
  }

  toJSON() {
    return [...this.#lists];
  }

  has(path) {
    return this.#lists.has(path);
  }

  /** @param sids of entries of its own */
  add(path, sids = [], { isFolder = false } = {}) {
    const flags = isFolder ? 'OICI' : '';
    this.#lists.set(path, {
      isFolder,
      isProtected: false,
      entries: sids.map((sid) => ({ sid, flags })),
    });
  }

  /** What icacls /save writes of a path. */
  sddl(path) {
    const { isProtected, entries } = this.#lists.get(path);
    const own = entries.map(({ sid, flags }) => `(A;${flags};FA;;;${names[sid] ?? sid})`);
    const inherited = isProtected
      ? []
      : this.#inheritable(path).map((sid) => `(A;ID;FA;;;${names[sid] ?? sid})`);
    return `D:${isProtected ? 'PAI' : 'AI'}${[...own, ...inherited].join('')}`;
  }

  #inheritable(path) {
    const parent = path.replace(/\\[^\\]+$/, '');
    const list = parent === path ? undefined : this.#lists.get(parent);
    if (list === undefined) return [];
    const own = list.entries.filter(({ flags }) => flags === 'OICI').map(({ sid }) => sid);
    return list.isProtected ? own : [...own, ...this.#inheritable(parent)];
  }

  /** @returns exit code and, of /save, what it writes and where. */
  icacls([path, ...words]) {
    const list = this.#lists.get(path);
    if (list === undefined) return { exitCode: 2 };
    const line = words.join(' ');
    const save = /^\/save (.+) \/t \/c \/q$/.exec(line);
    if (save) {
      const all = [...this.#lists.keys()].filter((it) => it === path || it.startsWith(`${path}\\`));
      const parent = path.replace(/[^\\]+$/, '');
      const text = all.map((it) => `${it.slice(parent.length)}\r\n${this.sddl(it)}\r\n`).join('');
      return { exitCode: 0, file: save[1], text };
    }
    if (line === '/reset /q') {
      list.isProtected = false;
      list.entries = [];
      return { exitCode: 0 };
    }
    const close =
      /^\/inheritance:r \/grant:r ((?:\*S-[\d-]+:\S+ )+)\/remove:g((?: \*S-[\d-]+)+)$/.exec(line);
    if (!close) return { exitCode: 70 };
    const grants = close[1]
      .trim()
      .split(' ')
      .map((it) => it.slice(1).split(/:(.*)/));
    if (grants.some(([, right]) => !FULL.includes(right)) || !list.isFolder)
      return { exitCode: 70 };
    const gone = [
      ...close[2]
        .trim()
        .split(' ')
        .map((it) => it.slice(1)),
      ...grants.map(([sid]) => sid),
    ];
    list.isProtected = true;
    list.entries = [
      ...list.entries.filter(({ sid }) => !gone.includes(sid)),
      ...grants.map(([sid]) => ({ sid, flags: 'OICI' })),
    ];
    return { exitCode: 0 };
  }
}
