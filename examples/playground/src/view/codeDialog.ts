import { commands } from '../training/program';

const find = <E extends HTMLElement>(id: string) => document.getElementById(id) as E;
let shown = '';

find('code-copy').addEventListener('click', async () => {
  const said = await navigator.clipboard.writeText(shown).then(
    () => 'Copied',
    () => 'Select the program to copy it',
  );
  find('code-copy').textContent = said;
});
find('code-download').addEventListener('click', () => {
  const url = URL.createObjectURL(new Blob([shown], { type: 'text/javascript' }));
  const link = Object.assign(document.createElement('a'), { href: url, download: 'playground.mjs' });
  link.click();
  URL.revokeObjectURL(url);
});

/** Shows a program to copy. `more` names packages that it needs besides the common ones. */
export function codeDialog(program: string, packages?: string): void {
  shown = program;
  find<HTMLTextAreaElement>('code-commands').value = commands(packages);
  find<HTMLTextAreaElement>('code-program').value = program;
  find('code-copy').textContent = 'Copy program';
  find<HTMLDialogElement>('code-dialog').showModal();
}
