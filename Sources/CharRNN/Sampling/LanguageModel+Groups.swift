extension LanguageModel {
    /// A group of so many texts that have read nothing; others may join it.
    ///
    /// - Throws: `DeviceError` when the device or the host has not enough memory.
    public func makeSessionGroup(count: Int = 0) throws -> SessionGroup {
        precondition(count >= 0, "a group of \(count) sessions")
        let group = try makeSessionGroup(capacity: max(1, count))
        let session = try group.makeSession()
        for _ in 0..<count { try group.join(session) }
        return group
    }

    /// An empty group that grows once it has more texts than this.
    ///
    /// - Throws: `DeviceError`.
    func makeSessionGroup(capacity: Int) throws -> SessionGroup {
        try requireRoom(forTexts: capacity)
        let revision = revisions.number
        return SessionGroup(self, revision: revision, try makePredictor(ofTexts: capacity), capacity: capacity)
    }

    /// Empty groups for so many texts in all, which several threads of the CPU device may use side by side; on other devices
    /// a single one. None may have more than its capacity.
    ///
    /// - Throws: `DeviceError`.
    func makeSessionGroups(capacity: Int) throws -> [SessionGroup] {
        try requireRoom(forTexts: capacity)
        let revision = revisions.number
        return try makePredictors(ofTexts: capacity).map {
            SessionGroup(self, revision: revision, $0, capacity: $0.count)
        }
    }
}

extension Session {
    /// Sessions for so many texts, all of which have read what this one has. It does not move itself.
    ///
    /// - Throws: `DeviceError` when the device or the host has not enough memory, ``ChangedModelError``.
    public func makeGroup(count: Int) throws -> SessionGroup {
        precondition(count > 0, "a group of \(count) sessions")
        let group = try model.makeSessionGroup(capacity: count)
        let row = try group.join(self)
        for _ in 1..<count { try group.fork(row) }
        return group
    }
}
