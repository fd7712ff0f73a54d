/** Counts seconds down by the clock, so that a sleeping tab does not count short. */

/** Calls `tick(left)` now and each second until 0; the function returned stops it. */
export const countdown = (until, tick) => {
  let timer;
  const step = () => {
    const left = Math.max(0, Math.ceil((until - Date.now()) / 1000));
    tick(left);
    if (left > 0) timer = setTimeout(step, (until - Date.now()) % 1000 || 1000);
  };
  step();
  return () => clearTimeout(timer);
};

export const seconds = (count) => {
  if (count > 120) return `${Math.ceil(count / 60)} minutes`;
  return `${count} ${count === 1 ? "second" : "seconds"}`;
};
