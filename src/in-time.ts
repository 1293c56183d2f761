/**
 * What the work gives, or `late` where it takes longer: it goes on then, and nobody hears of its end.
 *
 * @throws what either throws.
 */
export async function inTime<T>(
  work: T | Promise<T>,
  timeoutMs: number,
  late: () => T,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const isOver = new Promise<void>((resolve) => (timer = setTimeout(resolve, timeoutMs)));
  try {
    return await Promise.race([work, isOver.then(late)]);
  } finally {
    clearTimeout(timer);
  }
}
