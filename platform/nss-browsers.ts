/** The browsers on Linux and BSD that keep NSS databases: one line each. */

/** A browser of one of the two families. */
export interface Browser {
  readonly name: string;
  /** Programs on PATH; any of them is the browser. */
  readonly programs: readonly string[];
  /**
   * `~/` is the home, `config/` is `$XDG_CONFIG_HOME`. Of a Firefox the folders of `profiles.ini`; of a
   * Chromium its user data, which only tell that it was started: its database is the user's.
   */
  readonly folders: readonly string[];
  readonly snap?: string;
  /** Application ids. */
  readonly flatpaks?: readonly string[];
}

/** Each profile has a database of its own. */
// prettier-ignore
export const firefoxes: readonly Browser[] = [
  // Measured, ESR 153 and release; the XDG folder since 147, which is what Flatpak's variables lead to (addwater#107).
  { name: 'Firefox', programs: ['firefox', 'firefox-esr', 'firefox-devedition', 'firefox-developer-edition', 'firefox-nightly', 'firefox-beta', 'firefox-trunk'], folders: ['~/.mozilla/firefox', 'config/mozilla/firefox'], snap: 'firefox', flatpaks: ['org.mozilla.firefox'] },
  // librewolf.net/docs; `~/.config/librewolf/librewolf` since 147: a user's report.
  { name: 'LibreWolf', programs: ['librewolf'], folders: ['~/.librewolf', 'config/librewolf/librewolf'], snap: 'librewolf', flatpaks: ['io.gitlab.librewolf-community'] },
  // firejail's waterfox.profile; Flathub net.waterfox.waterfox.
  { name: 'Waterfox', programs: ['waterfox', 'waterfox-g', 'waterfox-bin'], folders: ['~/.waterfox', 'config/waterfox'], snap: 'waterfox', flatpaks: ['net.waterfox.waterfox'] },
  // firejail's floorp.profile; Flathub one.ablaze.floorp.
  { name: 'Floorp', programs: ['floorp', 'floorp-bin'], folders: ['~/.floorp', 'config/floorp'], flatpaks: ['one.ablaze.floorp'] },
  // Its release notes: `~/.config/zen` since 1.18.6b; io.github… was its first id (zen-browser/desktop#1741).
  { name: 'Zen', programs: ['zen', 'zen-browser', 'zen-bin', 'zen-beta', 'zen-twilight'], folders: ['~/.zen', 'config/zen'], flatpaks: ['app.zen_browser.zen', 'io.github.zen_browser.zen'] },
  // Garuda Linux; Flathub org.garudalinux.firedragon.
  { name: 'FireDragon', programs: ['firedragon'], folders: ['~/.firedragon', 'config/firedragon'], flatpaks: ['org.garudalinux.firedragon'] },
  // CachyOS.
  { name: 'Cachy-Browser', programs: ['cachy-browser'], folders: ['~/.cachy'] },
  // GNU; Trisquel's and Parabola's Firefox without the name. Vendor `mozilla`, as in application.ini.
  { name: 'IceCat', programs: ['icecat'], folders: ['~/.mozilla/icecat', 'config/mozilla/icecat'] },
  { name: 'Abrowser', programs: ['abrowser'], folders: ['~/.mozilla/abrowser', 'config/mozilla/abrowser'] },
  { name: 'Iceweasel', programs: ['iceweasel'], folders: ['~/.mozilla/iceweasel', 'config/mozilla/iceweasel'] },
  // seamonkey-project.org, "profile folder".
  { name: 'SeaMonkey', programs: ['seamonkey'], folders: ['~/.mozilla/seamonkey'] },
  // palemoon.org, "profile location"; Basilisk's is beside it.
  { name: 'Pale Moon', programs: ['palemoon'], folders: ['~/.moonchild productions/pale moon'] },
  { name: 'Basilisk', programs: ['basilisk'], folders: ['~/.moonchild productions/basilisk', '~/.basilisk-dev/basilisk'] },
];

/** All outside of boxes read the one database of the user; one in a box has its own. */
// prettier-ignore
export const chromiums: readonly Browser[] = [
  // Measured, 156.
  { name: 'Chromium', programs: ['chromium', 'chromium-browser', 'chromium-freeworld'], folders: ['config/chromium'], snap: 'chromium', flatpaks: ['org.chromium.Chromium', 'com.google.Chromium'] },
  // chromium.googlesource.com, docs/user_data_dir.md.
  { name: 'Chrome', programs: ['google-chrome', 'google-chrome-stable', 'google-chrome-beta', 'google-chrome-unstable'], folders: ['config/google-chrome', 'config/google-chrome-beta', 'config/google-chrome-unstable'], flatpaks: ['com.google.Chrome', 'com.google.ChromeDev'] },
  // Flathub; com.github.Eloston… was its first id. Its user data are Chromium's.
  { name: 'ungoogled Chromium', programs: ['ungoogled-chromium'], folders: ['config/ungoogled-chromium'], flatpaks: ['io.github.ungoogled_software.ungoogled_chromium', 'com.github.Eloston.UngoogledChromium'] },
  // support.brave.com; the snap's home is `~/snap/brave/current`: a user's report.
  { name: 'Brave', programs: ['brave', 'brave-browser', 'brave-browser-stable', 'brave-browser-beta', 'brave-browser-nightly'], folders: ['config/BraveSoftware/Brave-Browser', 'config/BraveSoftware/Brave-Browser-Beta', 'config/BraveSoftware/Brave-Browser-Nightly'], snap: 'brave', flatpaks: ['com.brave.Browser'] },
  // Flathub, and the .deb of its maker.
  { name: 'Edge', programs: ['microsoft-edge', 'microsoft-edge-stable', 'microsoft-edge-beta', 'microsoft-edge-dev'], folders: ['config/microsoft-edge', 'config/microsoft-edge-beta', 'config/microsoft-edge-dev'], flatpaks: ['com.microsoft.Edge', 'com.microsoft.EdgeDev'] },
  { name: 'Vivaldi', programs: ['vivaldi', 'vivaldi-stable', 'vivaldi-snapshot'], folders: ['config/vivaldi', 'config/vivaldi-snapshot'], snap: 'vivaldi', flatpaks: ['com.vivaldi.Vivaldi'] },
  { name: 'Opera', programs: ['opera', 'opera-beta', 'opera-developer'], folders: ['config/opera', 'config/opera-beta', 'config/opera-developer'], snap: 'opera', flatpaks: ['com.opera.Opera'] },
  { name: 'Yandex Browser', programs: ['yandex-browser', 'yandex-browser-stable', 'yandex-browser-beta'], folders: ['config/yandex-browser', 'config/yandex-browser-beta'], flatpaks: ['ru.yandex.Browser'] },
  // github.com/Alex313031/thorium, github.com/imputnet/helium-linux.
  { name: 'Thorium', programs: ['thorium-browser'], folders: ['config/thorium'] },
  { name: 'Helium', programs: ['helium', 'helium-browser'], folders: ['config/net.imput.helium'], flatpaks: ['net.imput.helium'] },
];
