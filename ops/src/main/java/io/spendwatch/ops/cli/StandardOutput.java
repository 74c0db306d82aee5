package io.spendwatch.ops.cli;

import java.io.PrintWriter;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/**
 * Whether anybody still reads what this process prints: whoever was at the other end of a pipe, as
 * {@code head} is, may have seen enough. Thread-safe.
 */
public final class StandardOutput {
  private static final int DESCRIPTOR = 1;
  private static final short POLLERR = 0x0008;
  private static final short POLLNVAL = 0x0020;

  private static final Optional<MethodHandle> POLL = poll();

  private StandardOutput() {}

  /** {@code int poll(struct pollfd *fds, nfds_t nfds, int timeout)}, where the system has it. */
  @SuppressWarnings("restricted") // The launcher enables native access.
  private static Optional<MethodHandle> poll() {
    Linker linker = Linker.nativeLinker();
    var signature =
        FunctionDescriptor.of(
            ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT);
    return linker
        .defaultLookup()
        .find("poll")
        .map(address -> linker.downcallHandle(address, signature));
  }

  /**
   * Whether what is written is lost: nobody holds the pipe's other end any more, or a write has
   * failed. Writes nothing but what waits in {@code out}; does not block for longer than that
   * takes.
   *
   * @param out which leads to standard output, or to somewhere else
   */
  public static boolean isClosed(PrintWriter out) {
    return out.checkError() || System.out.checkError() || hasNoReader();
  }

  /** Without writing: a command that follows something quiet has nothing to write. */
  private static boolean hasNoReader() {
    if (POLL.isEmpty()) {
      return false;
    }
    try (Arena arena = Arena.ofConfined()) {
      // struct pollfd { int fd; short events; short revents; }
      MemorySegment descriptor = arena.allocate(ValueLayout.JAVA_LONG);
      descriptor.set(ValueLayout.JAVA_INT, 0, DESCRIPTOR);
      int ready = (int) POLL.get().invokeExact(descriptor, 1L, 0);
      short events = descriptor.get(ValueLayout.JAVA_SHORT, 6);
      return ready > 0 && (events & (POLLERR | POLLNVAL)) != 0;
    } catch (Throwable e) {
      throw new IllegalStateException("poll", e);
    }
  }
}
