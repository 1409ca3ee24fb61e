const MONTHS = 'January February March April May June July August September October November December'.split(
  ' ',
);
const DAYS = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');

/** `time` (local) in the format of Python's `strftime`, in English; throws Error for a directive that is not known. */
export function strftime(time: Date, format: string): string {
  const two = (n: number) => String(n).padStart(2, '0');
  return format.replace(/%([\s\S]?)/gu, (_, directive: string) => {
    switch (directive) {
      case 'Y':
        return String(time.getFullYear());
      case 'y':
        return two(time.getFullYear() % 100);
      case 'm':
        return two(time.getMonth() + 1);
      case 'B':
        return MONTHS[time.getMonth()]!;
      case 'b':
        return MONTHS[time.getMonth()]!.slice(0, 3);
      case 'd':
        return two(time.getDate());
      case 'A':
        return DAYS[time.getDay()]!;
      case 'a':
        return DAYS[time.getDay()]!.slice(0, 3);
      case 'H':
        return two(time.getHours());
      case 'I':
        return two(time.getHours() % 12 || 12);
      case 'p':
        return time.getHours() < 12 ? 'AM' : 'PM';
      case 'M':
        return two(time.getMinutes());
      case 'S':
        return two(time.getSeconds());
      case '%':
        return '%';
      default:
        throw new Error(`strftime_now: expected a directive such as %Y, %B or %d, got %${directive}`);
    }
  });
}
