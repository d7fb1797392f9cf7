const cell = (value) => (value === undefined || value === '' ? '–' : String(value));
const table = (head, rows) =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.map(cell).join(' | ')} |`).join('\n');
const seconds = (value) => (value === undefined ? '–' : value.toPrecision(3));

/** The report of main.mjs as Markdown. */
export function report(all) {
  const { choice, device = choice.device, machine, versions, suite, large, measured, torch } = all;
  const sections = [
    `# What this GPU gives

\`npm run gpu\`${all.command.length > 0 ? ` with \`${all.command.join(' ')}\`` : ''}, ${all.date}, ${all.seconds} s. ${machine.system}, ${machine.processor}, ${machine.processors} processors.

${
  device
    ? `**${device.name}** (${[device.vendor, device.architecture, device.device].filter(Boolean).join(', ')}).` +
      (machine.driver ? ` Driver: ${machine.driver}.` : '') +
      (
        device.software
          ? ` This is not a GPU but software that emulates one: results count, times do not. Batch size ${all.batch}, steps ${all.steps}; on a GPU 128 and 10.`
          : ''
      )
    : `**WebGPU finds no GPU**: ${choice.none ?? choice.failed}`
}

${table(['', 'version'], Object.entries(versions))}`,
    `## The choice of useBestBackend

\`${choice.chosen}\` (${choice.details}), because of those before it:

${table(
  ['backend', 'skipped because', 'remedy'],
  (choice.skipped ?? []).map(({ name, cause, message, remedy }) => [
    name,
    `${cause}: ${message.split('\n')[0]}`,
    remedy,
  ]),
)}`,
  ];
  if (device) {
    sections.push(
      `Limits of the device: ${Object.entries(device.limits)
        .map(([name, limit]) => `${name} ${limit}`)
        .join(', ')}.`,
    );
  }
  if (suite.length > 0) {
    const checks = Object.keys(suite.find(({ results }) => results)?.results ?? {});
    const outcome = (row, check) =>
      (row.failed ?? row.results[check]) ? `**no**: ${row.failed ?? row.results[check]}` : 'yes';
    sections.push(`## The suite of all backends

${table(
  ['backend', ...checks],
  suite.map((row) => [row.backend, ...checks.map((check) => outcome(row, check))]),
)}`);
  }
  if (large) {
    sections.push(`## Correct at size, and every kernel that training needs

${
  large.failed ??
  table(
    ['check', 'right'],
    Object.entries(large.results).map(([check, problem]) => [check, problem ? `**no**: ${problem}` : 'yes']),
  )
}`);
  }
  const names = Object.keys(measured);
  if (names.length > 0) {
    const kinds = Object.keys(measured[names[0]]);
    const time = (name, backend, kind) =>
      measured[name][backend].failed ?? seconds(measured[name][backend][kind]);
    sections.push(`## Seconds of a training step, batches of ${all.batch}

Medians of ${all.steps} steps, each ended by reading its loss. "cross" is a step with noise and its share of a ρ step (${Math.min(32, all.batch)} examples
of 4 draws, every 20 steps).${torch.failed ? ` PyTorch was not measured: ${torch.failed}.` : ` PyTorch ${torch.version} on ${torch.device}.`}

${table(
  [
    'network',
    ...kinds.flatMap((kind) => [`${kind}, plain`, `${kind}, cross`]),
    ...(torch.failed ? [] : ['PyTorch, plain']),
  ],
  names.map((name) => [
    name,
    ...kinds.flatMap((kind) => [time(name, kind, 'plain'), time(name, kind, 'cross')]),
    ...(torch.failed ? [] : [seconds(torch.plain[name])]),
  ]),
)}`);
  }
  return `${sections.join('\n\n')}\n`;
}
