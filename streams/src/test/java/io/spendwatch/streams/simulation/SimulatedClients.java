package io.spendwatch.streams.simulation;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

/**
 * Makes a Kafka client interface out of a class that has just the methods that are used; any other
 * throws.
 */
final class SimulatedClients {
  private static final Map<Class<?>, Map<String, Method>> METHODS = new ConcurrentHashMap<>();

  private SimulatedClients() {}

  static <T> T as(Class<T> type, Object target) {
    Map<String, Method> methods =
        METHODS.computeIfAbsent(
            target.getClass(),
            own ->
                Arrays.stream(own.getDeclaredMethods())
                    .filter(method -> method.isAnnotationPresent(Served.class))
                    .collect(Collectors.toMap(SimulatedClients::signature, method -> method)));
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, arguments) -> {
              Method own = methods.get(signature(method));
              if (own == null) {
                throw new UnsupportedOperationException(signature(method));
              }
              try {
                return own.invoke(target, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            }));
  }

  private static String signature(Method method) {
    return method.getName() + Arrays.toString(method.getParameterTypes());
  }
}
