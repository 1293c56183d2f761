// Renders what package managers want to know of the executables: Homebrew, Scoop, winget and AUR.
//
//   node .ci/manifests.mjs FOLDER REPOSITORY
//
// FOLDER has the archives' .sha256 files of .ci/executable.mjs and gets manifests/; REPOSITORY is the https URL
// under which the release of this version has the archives. Nothing is published: see CONTRIBUTING.md.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const [, , folder, repository] = process.argv;
const [, owner] = /^https:\/\/[\w.-]+\/([\w.-]+)\/[\w.-]+$/.exec(repository ?? '') ?? [];
if (folder === undefined || owner === undefined)
  throw new Error('usage: node .ci/manifests.mjs FOLDER https://HOST/OWNER/NAME');
const manifest = JSON.parse(readFileSync(resolve(import.meta.dirname, '../package.json'), 'utf8'));
const { version, license } = manifest;
const description = 'Real HTTPS on local names, constrained to them and removable without a trace';

const hashes = Object.fromEntries(
  readdirSync(folder)
    .filter((file) => file.endsWith('.sha256'))
    .map((file) => {
      const [, hash, archive] =
        /^([0-9a-f]{64}) {2}(\S+)\n$/.exec(readFileSync(join(folder, file), 'utf8')) ?? [];
      if (`${archive}.sha256` !== file)
        throw new Error(`"${file}" is not a SHA-256 of its archive`);
      return [archive.slice(`devcert-${version}-`.length).replace(/\.(tar\.gz|zip)$/, ''), hash];
    }),
);

/** URL and SHA-256 of the archive for a system; a release has all. */
function archiveOf(system) {
  const sha256 = hashes[system];
  if (sha256 === undefined)
    throw new Error(`no archive of ${version} for ${system} in "${folder}"`);
  const end = system.startsWith('windows') ? 'zip' : 'tar.gz';
  const name = `devcert-${version}-${system}`;
  return { url: `${repository}/releases/download/v${version}/${name}.${end}`, sha256, name };
}
const mac = { arm: archiveOf('darwin-arm64'), intel: archiveOf('darwin-x64') };
const linux = { arm: archiveOf('linux-arm64'), intel: archiveOf('linux-x64') };
const windows = archiveOf('windows-x64');

const onBrew = ({ arm, intel }) => `    on_arm do
      url "${arm.url}"
      sha256 "${arm.sha256}"
    end
    on_intel do
      url "${intel.url}"
      sha256 "${intel.sha256}"
    end`;

const homebrew = `class Devcert < Formula
  desc "${description}"
  homepage "${repository}"
  version "${version}"
  license "${license}"

  on_macos do
${onBrew(mac)}
  end
  on_linux do
${onBrew(linux)}
  end

  def install
    bin.install "devcert"
    man1.install "devcert.1"
    generate_completions_from_executable(bin/"devcert", "completion", shells: [:bash, :zsh, :fish])
  end

  def caveats
    <<~EOS
      Before you uninstall this formula: devcert uninstall --purge
    EOS
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/devcert --version")
  end
end
`;

const scoop = {
  version,
  description,
  homepage: repository,
  license,
  notes: 'Before you uninstall this package: devcert uninstall --purge',
  architecture: { '64bit': { url: windows.url, hash: windows.sha256 } },
  bin: 'devcert.exe',
  checkver: { github: repository },
  autoupdate: {
    architecture: {
      '64bit': {
        url: windows.url.replaceAll(version, '$version'),
        hash: { url: '$url.sha256' },
      },
    },
  },
};

const WINGET = '1.10.0';
const identifier = `${owner}.devcert`;
const winget = (
  type,
  lines,
) => `# yaml-language-server: $schema=https://aka.ms/winget-manifest.${type}.${WINGET}.schema.json
PackageIdentifier: ${identifier}
PackageVersion: ${version}
${lines}
ManifestType: ${type}
ManifestVersion: ${WINGET}
`;
const locale = `PackageLocale: en-US
Publisher: ${owner}
PackageName: devcert
PackageUrl: ${repository}
License: ${license}
ShortDescription: ${description}
Moniker: devcert`;
const installer = `InstallerType: zip
NestedInstallerType: portable
NestedInstallerFiles:
- RelativeFilePath: devcert.exe
  PortableCommandAlias: devcert
Installers:
- Architecture: x64
  InstallerUrl: ${windows.url}
  InstallerSha256: ${windows.sha256.toUpperCase()}`;

const arches = [
  ['x86_64', linux.intel],
  ['aarch64', linux.arm],
];
const pkgbuild = `# Maintainer: ${owner}
pkgname=devcert-bin
pkgver=${version}
pkgrel=1
pkgdesc='${description}'
arch=('x86_64' 'aarch64')
url='${repository}'
license=('${license}')
depends=('gcc-libs' 'glibc')
optdepends=('nss: trust in Firefox and Chromium')
provides=('devcert')
conflicts=('devcert')
options=('!strip')
${arches
  .map(([arch, { url, sha256 }]) => `source_${arch}=('${url}')\nsha256sums_${arch}=('${sha256}')`)
  .join('\n')}

package() {
  install -Dm755 devcert "$pkgdir/usr/bin/devcert"
  install -Dm644 devcert.1 "$pkgdir/usr/share/man/man1/devcert.1"
  install -Dm644 -t "$pkgdir/usr/share/licenses/$pkgname" LICENSE LICENSE-NODE LICENSES.txt
}
`;
const srcinfo = `pkgbase = devcert-bin
	pkgdesc = ${description}
	pkgver = ${version}
	pkgrel = 1
	url = ${repository}
	arch = x86_64
	arch = aarch64
	license = ${license}
	depends = gcc-libs
	depends = glibc
	optdepends = nss: trust in Firefox and Chromium
	provides = devcert
	conflicts = devcert
	options = !strip
${arches.map(([arch, { url, sha256 }]) => `\tsource_${arch} = ${url}\n\tsha256sums_${arch} = ${sha256}`).join('\n')}

pkgname = devcert-bin
`;

const files = {
  'homebrew/devcert.rb': homebrew,
  'scoop/devcert.json': `${JSON.stringify(scoop, null, 4)}\n`,
  [`winget/${identifier}.yaml`]: winget('version', 'DefaultLocale: en-US'),
  [`winget/${identifier}.locale.en-US.yaml`]: winget('defaultLocale', locale),
  [`winget/${identifier}.installer.yaml`]: winget('installer', installer),
  'aur/PKGBUILD': pkgbuild,
  'aur/.SRCINFO': srcinfo,
};
for (const [name, text] of Object.entries(files)) {
  const file = join(folder, 'manifests', name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
