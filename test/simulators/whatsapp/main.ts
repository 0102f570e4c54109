import { BadCommandLine, type CommandLine, parseCommandLine, USAGE } from './command-line.ts';
import { quietLibsignal } from './signal/quiet-libsignal.ts';
import { startWhatsAppSimulator } from './simulator.ts';

const commandLine = (): CommandLine | null => {
  try {
    return parseCommandLine(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof BadCommandLine)) throw error;
    process.stderr.write(`${error.message}\n\n${USAGE}`);
    process.exitCode = 2;
    return null;
  }
};

const run = async ({ options, untilStdinCloses }: CommandLine): Promise<void> => {
  quietLibsignal();
  const simulator = await startWhatsAppSimulator(options);
  const { socketUrl, mediaUrl, port } = simulator;
  const { phoneNumber } = simulator.account();
  const stop = async (): Promise<void> => {
    await simulator.close();
    process.stdin.destroy();
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop());
  if (untilStdinCloses) process.stdin.once('close', () => void simulator.close()).resume();
  process.stdout.write(`${JSON.stringify({ ready: true, socketUrl, mediaUrl, phoneNumber, port })}\n`);
};

const line = commandLine();
if (line?.help === true) process.stdout.write(USAGE);
else if (line !== null) await run(line);
