package io.spendwatch.streams.simulation.kafka;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Makes a Kafka client interface out of a class that has just the methods that are used; any other
 * throws.
 */
final class SimulatedClients {
  /** The methods of the simulated classes by those of the interfaces. */
  private static final Map<Method, Method> METHODS = new ConcurrentHashMap<>();

  private SimulatedClients() {}

  static <T> T as(Class<T> type, Object target) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, arguments) -> {
              try {
                return METHODS
                    .computeIfAbsent(method, wanted -> find(target.getClass(), wanted))
                    .invoke(target, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            }));
  }

  private static Method find(Class<?> own, Method wanted) {
    return Arrays.stream(own.getDeclaredMethods())
        .filter(method -> method.isAnnotationPresent(Served.class))
        .filter(method -> signature(method).equals(signature(wanted)))
        .findFirst()
        .orElseThrow(() -> new UnsupportedOperationException(signature(wanted)));
  }

  private static String signature(Method method) {
    return method.getName() + Arrays.toString(method.getParameterTypes());
  }
}
