import RaetCrypto
import RaetWire
import Testing

@testable import RaetSession

/// What is known of a remote, and what of it may change where (PROTOCOL 6.2.1).
@Suite struct RelationTests {
  static let relation = Relation(
    name: "other", role: "role", keys: AcceptanceTests.keys, address: Address(ipv4: 1, port: 2), farID: 3,
    isMain: false, kind: 4)

  static func changed(_ change: (inout Relation) -> Void) -> Relation {
    var relation = relation
    change(&relation)
    return relation
  }

  @Test func onlyWhereItIsAndItsIdForUsMayChangeOnAnImmutableRoad() {
    #expect(!Self.relation.isMutation(of: Self.relation))
    #expect(!Self.relation.isMutation(of: Self.changed { $0.farID = 9 }))
    #expect(!Self.relation.isMutation(of: Self.changed { $0.address = Address(ipv4: 9, port: 9) }))
    #expect(Self.relation.isMutation(of: Self.changed { $0.name = "x" }))
    let changed = Self.changed {
      ($0.name, $0.role, $0.kind) = ("x", "y", 200)
      $0.isMain.toggle()
    }
    #expect(Self.relation.mutations(of: changed) == "name, role, main, kind")
    #expect(Self.relation.isMutation(of: Self.changed { $0.role = "x" }))
    #expect(Self.relation.isMutation(of: Self.changed { $0.keys = AcceptanceTests.others }))
    #expect(Self.relation.isMutation(of: Self.changed { $0.isMain = true }))
    #expect(Self.relation.isMutation(of: Self.changed { $0.kind = 9 }))
  }

  @Test func aRelationCanChangeInEveryStandingAndNothingElseDoes() {
    let remote = Remote(
      id: 1, nearID: 2, slot: 0, address: Address(ipv4: 1, port: 2), name: "10.0.0.1:2", session: 0, window: 8)
    #expect(remote.relation == nil && remote.name == "10.0.0.1:2" && remote.farID == 0 && !remote.isJoined)
    for standing in [Standing.stranger(Self.relation), .joined(Self.relation)] {
      remote.standing = standing
      let wasJoined = remote.isJoined
      remote.relation?.kind = 77
      #expect(remote.relation?.kind == 77 && remote.isJoined == wasJoined && !remote.isAllowed)
      #expect(remote.name == "other" && remote.farID == 3)
    }
    #expect(remote.proven == nil)
    remote.isStored = true
    #expect(remote.proven?.kind == 77)
  }
}
