#if ServiceLifecycle
  public import ServiceLifecycle

  /// With the package's trait `ServiceLifecycle` a server can stand in a `ServiceGroup`.
  extension Server: Service {
    /// Serves until the group shuts down; then as ``shutdown(grace:)`` with five seconds for the handlers.
    ///
    /// For the service group. Throws what ``serveForever()`` does. Cancelled, it resets the connections, cancels their
    /// handlers and returns when they have ended.
    public func run() async throws {
      try await withGracefulShutdownHandler {
        try await serveForever()
      } onGracefulShutdown: {
        self.close()
      }
      await withTaskCancellationHandler {
        _ = await shutdown(grace: .seconds(5))
      } onCancel: {
        self.cancelHandlers()
        self.abortClients()
      }
    }
  }
#endif
