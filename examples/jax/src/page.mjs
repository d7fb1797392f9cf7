// The same in a page: the form puts the options into the address, and a page that has options in its address trains.
import { compare, defaults } from './compare.mjs';

const { form, output, progress } = Object.fromEntries(
  ['form', 'output', 'progress'].map((id) => [id, document.getElementById(id)]),
);
const given = Object.fromEntries(new URLSearchParams(location.search));
const options = { ...defaults, device: navigator.gpu ? 'webgpu' : 'wasm', ...given };
for (const [name, value] of Object.entries(options)) {
  const field = form.elements.namedItem(name);
  if (field) field.value = value;
}

const print = (line) => output.append(`${line}\n`);
async function onEpoch(epoch, loss) {
  progress.textContent = `epoch ${epoch}, training loss ${loss.toFixed(3)}`;
  // The browser draws only between tasks.
  await new Promise((resolve) => setTimeout(resolve));
}
if (location.search) {
  await compare(options, print, onEpoch).then(
    () => (progress.textContent = 'Done.'),
    (error) => (progress.textContent = error.message),
  );
}
