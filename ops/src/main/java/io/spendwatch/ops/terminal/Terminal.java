package io.spendwatch.ops.terminal;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What standard output leads to.
 *
 * @param isTerminal whether somebody looks at it, and not a program
 * @param columns of a line; {@value #COLUMNS_DEFAULT} where nobody says how many
 * @param hasColour whether colours are wanted
 */
public record Terminal(boolean isTerminal, int columns, boolean hasColour) {
  private static final int COLUMNS_DEFAULT = 80;
  private static final int COLUMNS_MIN = 40;

  /** A pipe, or a file: lines without colours, in the usual width. */
  public static final Terminal NONE = new Terminal(false, COLUMNS_DEFAULT, false);

  private static final int DESCRIPTOR = 1;

  /** Asks for {@code struct winsize { unsigned short ws_row, ws_col, ws_xpixel, ws_ypixel; }}. */
  private static final long TIOCGWINSZ =
      System.getProperty("os.name", "").startsWith("Mac") ? 0x40087468L : 0x5413L;

  /** A colour of the text. */
  public enum Colour {
    RED("31"),
    GREEN("32"),
    YELLOW("33");

    private final String code;

    Colour(String code) {
      this.code = code;
    }
  }

  /** Of this process. COLUMNS and NO_COLOR of the environment hold. */
  public static Terminal ofStandardOutput() {
    return of(System.getenv(), size());
  }

  /**
   * By what is known of it.
   *
   * @param size columns as the terminal itself says; 0 where it does not know; empty for no
   *     terminal
   */
  static Terminal of(Map<String, String> environment, OptionalInt size) {
    int known = number(environment.get("COLUMNS")).orElse(size.orElse(0));
    return new Terminal(
        size.isPresent(),
        known == 0 ? COLUMNS_DEFAULT : Math.max(known, COLUMNS_MIN),
        size.isPresent()
            && environment.getOrDefault("NO_COLOR", "").isEmpty()
            && !"dumb".equals(environment.get("TERM")));
  }

  /** The text in that colour, where colours are wanted. */
  public String coloured(String text, Colour colour) {
    return hasColour ? "\u001b[" + colour.code + "m" + text + "\u001b[0m" : text;
  }

  private static OptionalInt number(String text) {
    return text != null && text.matches("[1-9]\\d{0,3}")
        ? OptionalInt.of(Integer.parseInt(text))
        : OptionalInt.empty();
  }

  /** {@code int ioctl(int fd, unsigned long request, ...)}: fails for what is no terminal. */
  @SuppressWarnings("restricted") // The launcher enables native access.
  private static OptionalInt size() {
    Linker linker = Linker.nativeLinker();
    Optional<MethodHandle> ioctl =
        linker
            .defaultLookup()
            .find("ioctl")
            .map(
                address ->
                    linker.downcallHandle(
                        address,
                        FunctionDescriptor.of(
                            ValueLayout.JAVA_INT,
                            ValueLayout.JAVA_INT,
                            ValueLayout.JAVA_LONG,
                            ValueLayout.ADDRESS),
                        Linker.Option.firstVariadicArg(2)));
    if (ioctl.isEmpty()) {
      return OptionalInt.empty();
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment size = arena.allocate(ValueLayout.JAVA_SHORT, 4);
      int failed = (int) ioctl.get().invokeExact(DESCRIPTOR, TIOCGWINSZ, size);
      return failed == 0
          ? OptionalInt.of(Short.toUnsignedInt(size.getAtIndex(ValueLayout.JAVA_SHORT, 1)))
          : OptionalInt.empty();
    } catch (Throwable e) {
      throw new IllegalStateException("ioctl", e);
    }
  }
}
