import koffi from 'koffi';
import { SessionError } from '../../error.js';

/**
 * Bytes. koffi gives calls off the main thread 128 KiB; ONNX Runtime is written for ordinary thread stacks (8 MiB on
 * Linux), and an overflow ends the process.
 */
const stackSize = 8 * 2 ** 20;

/** Gives koffi's threads an ordinary stack. It must come before the first library that is loaded with koffi, whichever that is. */
export function enlargeStack(): void {
  if ((koffi.config().async_stack_size ?? 0) >= stackSize) return;
  try {
    koffi.config({ async_stack_size: stackSize });
  } catch (cause) {
    throw new SessionError(
      "driver 'ffi'",
      `expected to give koffi's threads ${stackSize} bytes of stack, got a koffi in use already — open the first session before other libraries are loaded with koffi`,
      { cause },
    );
  }
}
