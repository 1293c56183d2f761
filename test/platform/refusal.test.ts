import { describe, expect, test } from 'vitest';
import { judgeFailure } from '../../platform/refusal.ts';

const program = { file: '/usr/sbin/update-ca-certificates' };
const judge = (stderr: string, stdout = '') => judgeFailure({ stdout, stderr }, program);

describe('judgeFailure()', () => {
  test.each([
    'ada is not in the sudoers file.  This incident will be reported.',
    'ada is not in the sudoers file.\nThis incident has been reported to the administrator.',
    "Sorry, user ada is not allowed to execute '/usr/bin/tee x' as root on engine.",
    'Sorry, user ada may not run sudo on engine.',
    'ada is not allowed to run sudo on engine.  This incident will be reported.',
    'Sorry, try again.\nSorry, try again.\nsudo: 3 incorrect password attempts',
    'sudo: account validation failure, is your account locked?',
    "sudo: I'm sorry ada. I'm afraid I can't do that",
    'sudo-rs: Maximum 3 incorrect authentication attempts',
    'doas: Operation not permitted',
    'doas: Authentication failed',
    'Failed to start transient service unit: Access denied',
    'sudo: unable to resolve host engine: Name or service not known\nada is not in the sudoers file.',
  ])('refused: %s', (stderr) => {
    const verdict = judge(stderr);
    expect(verdict).toMatchObject({ asksNobody: false });
    expect(stderr.split('\n')).toContain((verdict as { refused: string }).refused);
  });

  test.each([
    'sudo: a password is required',
    'sudo: a terminal is required to read the password; either use …\nsudo: a password is required',
    'sudo: interactive authentication is required',
    'doas: a tty is required',
    'doas: Authorization required',
    'Failed to start transient service unit: Interactive authentication required.',
  ])('refused for want of somebody to ask: %s', (stderr) => {
    expect(judge(stderr)).toMatchObject({ asksNobody: true });
  });

  test('a harmless warning of sudo hides no failure of another program', () => {
    const warning = 'sudo: unable to resolve host engine: Name or service not known\n';
    expect(judge(`${warning}/usr/sbin/update-ca-certificates: 12: cannot create x\n`)).toEqual({
      stderr: '/usr/sbin/update-ca-certificates: 12: cannot create x',
    });
    expect(judge(`${warning}update-ca-certificates: no space left\n`)).toEqual({
      stderr: 'update-ca-certificates: no space left',
    });
    expect(judge(warning)).toEqual({ stderr: '' });
    expect(judge(`${warning}the disk is full`, 'Updating certificates')).toEqual({
      stderr: 'the disk is full',
    });
  });

  test('what nobody knows is unclear', () => {
    expect(judge('ada steht nicht in der sudoers-Datei.')).toBe('unclear');
    expect(judge('the disk is full')).toBe('unclear');
  });
});
