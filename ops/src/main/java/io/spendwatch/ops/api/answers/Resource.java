package io.spendwatch.ops.api.answers;

import org.apache.pekko.http.javadsl.server.Route;

/**
 * One kind of thing that a node answers about, with all paths of it. A path that is not its own it
 * rejects, so that the next one is tried. Its routes are asked on the server's dispatcher, for each
 * request, and must not block.
 */
public interface Resource {

  /** All of its paths, from the root on. */
  Route routes();
}
