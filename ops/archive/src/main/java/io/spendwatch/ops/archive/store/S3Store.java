package io.spendwatch.ops.archive.store;

import io.spendwatch.errors.OperatorException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import software.amazon.awssdk.core.ResponseBytes;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.core.sync.ResponseTransformer;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3ClientBuilder;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;
import software.amazon.awssdk.services.s3.model.S3Exception;

/**
 * A bucket of S3, or of a store that is compatible: it must know conditional puts ({@code
 * If-None-Match}, {@code If-Match}). Credentials are found as the AWS tools find them. An object is
 * there whole or not at all, so that files have their names from the start; large ones go in parts.
 */
public final class S3Store implements ArchiveStore {
  private static final int PART_BYTES = 32 << 20;
  private static final Duration CONNECT_MAX = Duration.ofSeconds(10);
  private static final Duration SILENCE_MAX = Duration.ofMinutes(1);
  private static final int PRECONDITION_FAILED = 412;
  private static final int CONFLICT = 409;

  private final String address;
  private final String bucket;
  private final String prefix;
  private final S3Client client;

  /**
   * Connects when first asked.
   *
   * @param uri {@code s3://bucket/prefix}
   * @param endpoint of a compatible store; empty for that of AWS
   */
  public S3Store(URI uri, Optional<URI> endpoint) {
    address = uri.toString();
    bucket = uri.getAuthority();
    String path = uri.getPath().replaceAll("^/+|/+$", "");
    prefix = path.isEmpty() ? "" : path + "/";
    S3ClientBuilder builder =
        S3Client.builder()
            .httpClientBuilder(
                UrlConnectionHttpClient.builder()
                    .connectionTimeout(CONNECT_MAX)
                    .socketTimeout(SILENCE_MAX));
    endpoint.ifPresent(
        other ->
            // Which of its regions it is does not matter to it, and it has no name for each bucket.
            builder
                .endpointOverride(other)
                .region(Region.US_EAST_1)
                .forcePathStyle(true)
                // Not all know checksums that come after the content; we have our own.
                .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED));
    try {
      client = builder.build();
    } catch (SdkException e) {
      throw failure("cannot be reached", e);
    }
  }

  @Override
  public String address() {
    return address;
  }

  private String key(String name) {
    return prefix + name;
  }

  @Override
  public void put(String name, Path file) {
    ask(
        "cannot take " + name,
        () -> {
          if (size(file) <= PART_BYTES) {
            return client.putObject(
                put -> put.bucket(bucket).key(key(name)), RequestBody.fromFile(file));
          }
          return putParts(name, file);
        });
  }

  private Object putParts(String name, Path file) {
    String upload =
        client.createMultipartUpload(create -> create.bucket(bucket).key(key(name))).uploadId();
    try {
      List<CompletedPart> parts = new ArrayList<>();
      long size = size(file);
      for (long from = 0; from < size; from += PART_BYTES) {
        int number = parts.size() + 1;
        byte[] bytes = part(file, from);
        String tag =
            client
                .uploadPart(
                    part -> part.bucket(bucket).key(key(name)).uploadId(upload).partNumber(number),
                    RequestBody.fromBytes(bytes))
                .eTag();
        parts.add(CompletedPart.builder().partNumber(number).eTag(tag).build());
      }
      return client.completeMultipartUpload(
          complete ->
              complete
                  .bucket(bucket)
                  .key(key(name))
                  .uploadId(upload)
                  .multipartUpload(all -> all.parts(parts)));
    } catch (RuntimeException e) {
      abort(name, upload, e);
      throw e;
    }
  }

  /** Else its parts would be paid for until somebody finds them. */
  private void abort(String name, String upload, RuntimeException why) {
    try {
      var _ =
          client.abortMultipartUpload(
              abort -> abort.bucket(bucket).key(key(name)).uploadId(upload));
    } catch (SdkException e) {
      why.addSuppressed(e);
    }
  }

  private static byte[] part(Path file, long from) {
    try (var in = Files.newInputStream(file)) {
      in.skipNBytes(from);
      return in.readNBytes(PART_BYTES);
    } catch (IOException e) {
      throw new OperatorException(file + " cannot be read: " + e.getMessage(), e);
    }
  }

  private static long size(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      throw new OperatorException(file + " cannot be read: " + e.getMessage(), e);
    }
  }

  @Override
  public boolean putIf(String name, byte[] content, Optional<String> replaced) {
    return ask(
        "cannot take " + name,
        () -> {
          try {
            var _ =
                client.putObject(
                    put -> {
                      put.bucket(bucket).key(key(name)).contentType("application/json");
                      replaced.ifPresentOrElse(put::ifMatch, () -> put.ifNoneMatch("*"));
                    },
                    RequestBody.fromBytes(content));
            return true;
          } catch (S3Exception e) {
            // Conflict: another such put is under way. No such key: there is none to be replaced.
            if (e.statusCode() == PRECONDITION_FAILED
                || e.statusCode() == CONFLICT
                || isNoSuchKey(e)) {
              return false;
            }
            throw e;
          }
        });
  }

  @Override
  public Optional<Content> read(String name) {
    return ask(
        "cannot give " + name,
        () -> {
          try {
            ResponseBytes<GetObjectResponse> object =
                client.getObject(
                    get -> get.bucket(bucket).key(key(name)), ResponseTransformer.toBytes());
            return Optional.of(new Content(object.asByteArray(), object.response().eTag()));
          } catch (NoSuchKeyException e) {
            return Optional.empty();
          }
        });
  }

  @Override
  public Optional<Path> fetch(String name, Path directory) {
    Path copy = directory.resolve("fetched-" + UUID.randomUUID() + ".parquet");
    return ask(
        "cannot give " + name,
        () -> {
          try {
            var _ = client.getObject(get -> get.bucket(bucket).key(key(name)), copy);
            return Optional.of(copy);
          } catch (NoSuchKeyException e) {
            return Optional.empty();
          }
        });
  }

  @Override
  public List<Entry> list(String namePrefix) {
    return ask(
        "cannot list " + namePrefix,
        () ->
            client
                .listObjectsV2Paginator(list -> list.bucket(bucket).prefix(key(namePrefix)))
                .contents()
                .stream()
                .map(
                    object ->
                        new Entry(
                            object.key().substring(prefix.length()),
                            object.size(),
                            object.lastModified()))
                .toList());
  }

  @Override
  public void delete(String name) {
    ask(
        "cannot remove " + name,
        () -> client.deleteObject(delete -> delete.bucket(bucket).key(key(name))));
  }

  private static boolean isNoSuchKey(S3Exception e) {
    return e.awsErrorDetails() != null && "NoSuchKey".equals(e.awsErrorDetails().errorCode());
  }

  private <T> T ask(String what, Supplier<T> question) {
    try {
      return question.get();
    } catch (SdkException e) {
      throw failure(what, e);
    }
  }

  private OperatorException failure(String what, SdkException e) {
    String why =
        e instanceof S3Exception refused && refused.awsErrorDetails() != null
            ? refused.statusCode()
                + " "
                + refused.awsErrorDetails().errorCode()
                + ": "
                + refused.awsErrorDetails().errorMessage()
            : e.getMessage();
    return new OperatorException("the archive at " + address + " " + what + ": " + why, e);
  }

  @Override
  public void close() {
    client.close();
  }
}
