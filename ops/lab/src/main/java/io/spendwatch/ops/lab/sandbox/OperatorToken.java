package io.spendwatch.ops.lab.sandbox;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.access.AccessFile;
import io.spendwatch.ops.access.Role;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A token for the nodes' interface, of an operator, and the file by which nodes know it. With
 * these, nodes tell nobody else anything. Immutable.
 */
public final class OperatorToken {
  private static final String NAME = "operator";

  private final String token;
  private final Path file;
  private final Path accessFile;

  private OperatorToken(String token, Path file, Path accessFile) {
    this.token = token;
    this.file = file;
    this.accessFile = accessFile;
  }

  /**
   * Makes it where it is not there yet, in a directory that only its owner can read. Blocks.
   *
   * @throws OperatorException if the directory cannot be used
   */
  public static OperatorToken in(Path directory) {
    PrivateFiles files = PrivateFiles.in(directory);
    String name = NAME + ".token";
    String token = files.secret(name);
    try {
      return new OperatorToken(
          token,
          files.directory().resolve(name),
          files.write("access", AccessFile.line(NAME, Role.OPERATOR, token) + "\n"));
    } catch (IOException e) {
      throw new OperatorException("nodes cannot be told of the token: " + e, e);
    }
  }

  /** The settings of nodes, and of commands that ask them; without the token, which a file has. */
  public Map<String, String> environment() {
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("SPENDWATCH_HTTP_ACCESS_FILE", accessFile.toString());
    settings.put("SPENDWATCH_HTTP_TOKEN_FILE", file.toString());
    return settings;
  }

  /** The value of the header that has it. */
  public String authorization() {
    return "Bearer " + token;
  }

  /**
   * The dashboard's address with the token behind {@code #}: no browser sends that part, and the
   * page takes it out of sight.
   *
   * @param node where one answers
   */
  public URI dashboard(URI node) {
    return node.resolve("/#token=" + token);
  }

  /** Without the token. */
  @Override
  public String toString() {
    return "OperatorToken[" + file + "]";
  }
}
