extension Duration {
    /// The whole of it, in seconds.
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}

/// Nats as bits.
func bits(_ nats: Double) -> Double { nats * 1.4426950408889634 }
