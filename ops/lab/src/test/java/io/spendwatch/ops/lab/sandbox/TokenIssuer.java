package io.spendwatch.ops.lab.sandbox;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.spendwatch.ops.lab.sandbox.kafka.KafkaBroker;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.interfaces.RSAPublicKey;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Gives clients that show their secret a signed token, as an OpenID provider does (client
 * credentials), and keeps the key that its signature is checked with in a file. Thread-safe.
 */
final class TokenIssuer implements AutoCloseable {
  static final String ISSUER = "https://issuer.example.org";
  static final String AUDIENCE = "kafka";

  private static final Base64.Encoder BASE64 = Base64.getUrlEncoder().withoutPadding();

  private final HttpServer server;
  private final Path keys;
  private final KeyPair pair;
  private final Map<String, String> secrets;
  private final AtomicInteger given = new AtomicInteger();

  private TokenIssuer(HttpServer server, Path keys, KeyPair pair, Map<String, String> secrets) {
    this.server = server;
    this.keys = keys;
    this.pair = pair;
    this.secrets = secrets;
  }

  /**
   * @param keys file for the JWK set
   * @param secrets of each client
   */
  static TokenIssuer start(Path keys, Map<String, String> secrets) throws Exception {
    KeyPair pair = pair();
    RSAPublicKey key = (RSAPublicKey) pair.getPublic();
    Files.writeString(
        keys,
        String.format(
            Locale.ROOT,
            "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"one\",\"use\":\"sig\",\"alg\":\"RS256\",\"n\":\"%s\",\"e\":\"%s\"}]}",
            BASE64.encodeToString(unsigned(key.getModulus().toByteArray())),
            BASE64.encodeToString(unsigned(key.getPublicExponent().toByteArray()))));
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    var issuer = new TokenIssuer(server, keys, pair, secrets);
    server.createContext("/token", issuer::answer);
    server.start();
    return issuer;
  }

  private static KeyPair pair() throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(2048);
    return generator.generateKeyPair();
  }

  /** Without the byte that keeps it positive. */
  private static byte[] unsigned(byte[] number) {
    return number[0] == 0 ? Arrays.copyOfRange(number, 1, number.length) : number;
  }

  String tokenEndpoint() {
    return "http://127.0.0.1:" + server.getAddress().getPort() + "/token";
  }

  /** How many tokens were given. */
  int given() {
    return given.get();
  }

  /** What a broker needs to take its tokens beside passwords, on the listener PLAINTEXT. */
  Map<String, String> broker() {
    String listener = "listener.name.plaintext.oauthbearer.sasl.";
    return Map.of(
        "sasl.enabled.mechanisms",
        "SCRAM-SHA-512,OAUTHBEARER",
        listener + "jaas.config",
        "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required;",
        listener + "server.callback.handler.class",
        "org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallbackHandler",
        listener + "oauthbearer.jwks.endpoint.url",
        keys.toUri().toString(),
        listener + "oauthbearer.expected.audience",
        AUDIENCE,
        listener + "oauthbearer.expected.issuer",
        ISSUER,
        KafkaBroker.KEY_ADDRESSES,
        keys.toUri().toString());
  }

  /** A token of ours that says so. */
  String token(String subject, String audience) throws GeneralSecurityException {
    return token(pair, subject, audience);
  }

  /** One that says the same and is signed by somebody else. */
  static String forged(String subject) throws GeneralSecurityException {
    return token(pair(), subject, AUDIENCE);
  }

  private static String token(KeyPair signer, String subject, String audience)
      throws GeneralSecurityException {
    long nowS = Instant.now().getEpochSecond();
    String claims =
        part("{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"one\"}")
            + "."
            + part(
                String.format(
                    Locale.ROOT,
                    "{\"iss\":\"%s\",\"aud\":\"%s\",\"sub\":\"%s\",\"scope\":\"kafka\",\"iat\":%d,\"exp\":%d}",
                    ISSUER,
                    audience,
                    subject,
                    nowS,
                    nowS + 600));
    Signature signature = Signature.getInstance("SHA256withRSA");
    signature.initSign(signer.getPrivate());
    signature.update(claims.getBytes(UTF_8));
    return claims + "." + BASE64.encodeToString(signature.sign());
  }

  private static String part(String json) {
    return BASE64.encodeToString(json.getBytes(UTF_8));
  }

  private void answer(HttpExchange exchange) throws IOException {
    String shown = String.valueOf(exchange.getRequestHeaders().getFirst("Authorization"));
    for (Map.Entry<String, String> client : secrets.entrySet()) {
      String asked = client.getKey() + ":" + client.getValue();
      if (shown.equals("Basic " + Base64.getEncoder().encodeToString(asked.getBytes(UTF_8)))) {
        given.incrementAndGet();
        try {
          answer(
              exchange,
              200,
              "{\"access_token\":\""
                  + token(client.getKey(), AUDIENCE)
                  + "\",\"token_type\":\"Bearer\",\"expires_in\":600}");
        } catch (GeneralSecurityException e) {
          throw new IOException(e);
        }
        return;
      }
    }
    answer(exchange, 401, "{\"error\":\"invalid_client\"}");
  }

  private static void answer(HttpExchange exchange, int status, String json) throws IOException {
    try (exchange) {
      byte[] body = json.getBytes(UTF_8);
      exchange.getResponseHeaders().set("Content-Type", "application/json");
      exchange.sendResponseHeaders(status, body.length);
      exchange.getResponseBody().write(body);
    }
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
