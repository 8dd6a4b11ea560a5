import * as $protobuf from "protobufjs/minimal.js";
import Long = require("long");

/** Namespace hansa. */
export namespace hansa {

    /** Namespace wire. */
    namespace wire {

        /**
         * Properties of a ProposalRequest.
         * @deprecated Use hansa.wire.ProposalRequest.$Properties instead.
         */
        interface IProposalRequest extends hansa.wire.ProposalRequest.$Properties {
        }

        /** Represents a ProposalRequest. */
        class ProposalRequest {

            /**
             * Constructs a new ProposalRequest.
             * @param [properties] Properties to set
             */
            constructor(properties?: hansa.wire.ProposalRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** ProposalRequest digest. */
            digest: Uint8Array;

            /** ProposalRequest heightMin. */
            heightMin: Long;

            /**
             * Creates a new ProposalRequest instance using the specified properties.
             * @param [properties] Properties to set
             * @returns ProposalRequest instance
             */
            static create(properties: hansa.wire.ProposalRequest.$Shape): hansa.wire.ProposalRequest & hansa.wire.ProposalRequest.$Shape;
            static create(properties?: hansa.wire.ProposalRequest.$Properties): hansa.wire.ProposalRequest;

            /**
             * Encodes the specified ProposalRequest message. Does not implicitly {@link hansa.wire.ProposalRequest.verify|verify} messages.
             * @param message ProposalRequest message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: hansa.wire.ProposalRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a ProposalRequest message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {hansa.wire.ProposalRequest & hansa.wire.ProposalRequest.$Shape} ProposalRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): hansa.wire.ProposalRequest & hansa.wire.ProposalRequest.$Shape;
        }

        namespace ProposalRequest {

            /** Properties of a ProposalRequest. */
            interface $Properties {

                /** ProposalRequest digest */
                digest?: (Uint8Array|null);

                /** ProposalRequest heightMin */
                heightMin?: (Long|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a ProposalRequest. */
            type $Shape = hansa.wire.ProposalRequest.$Properties;
        }

        /**
         * Properties of a ProposalChain.
         * @deprecated Use hansa.wire.ProposalChain.$Properties instead.
         */
        interface IProposalChain extends hansa.wire.ProposalChain.$Properties {
        }

        /** Represents a ProposalChain. */
        class ProposalChain {

            /**
             * Constructs a new ProposalChain.
             * @param [properties] Properties to set
             */
            constructor(properties?: hansa.wire.ProposalChain.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** ProposalChain proposals. */
            proposals: Uint8Array[];

            /**
             * Creates a new ProposalChain instance using the specified properties.
             * @param [properties] Properties to set
             * @returns ProposalChain instance
             */
            static create(properties: hansa.wire.ProposalChain.$Shape): hansa.wire.ProposalChain & hansa.wire.ProposalChain.$Shape;
            static create(properties?: hansa.wire.ProposalChain.$Properties): hansa.wire.ProposalChain;

            /**
             * Encodes the specified ProposalChain message. Does not implicitly {@link hansa.wire.ProposalChain.verify|verify} messages.
             * @param message ProposalChain message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: hansa.wire.ProposalChain.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a ProposalChain message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {hansa.wire.ProposalChain & hansa.wire.ProposalChain.$Shape} ProposalChain
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): hansa.wire.ProposalChain & hansa.wire.ProposalChain.$Shape;
        }

        namespace ProposalChain {

            /** Properties of a ProposalChain. */
            interface $Properties {

                /** ProposalChain proposals */
                proposals?: (Uint8Array[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a ProposalChain. */
            type $Shape = hansa.wire.ProposalChain.$Properties;
        }

        /**
         * Properties of an IncarnationStored.
         * @deprecated Use hansa.wire.IncarnationStored.$Properties instead.
         */
        interface IIncarnationStored extends hansa.wire.IncarnationStored.$Properties {
        }

        /** Represents an IncarnationStored. */
        class IncarnationStored {

            /**
             * Constructs a new IncarnationStored.
             * @param [properties] Properties to set
             */
            constructor(properties?: hansa.wire.IncarnationStored.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** IncarnationStored incarnation. */
            incarnation: Long;

            /** IncarnationStored instance. */
            instance: Uint8Array;

            /**
             * Creates a new IncarnationStored instance using the specified properties.
             * @param [properties] Properties to set
             * @returns IncarnationStored instance
             */
            static create(properties: hansa.wire.IncarnationStored.$Shape): hansa.wire.IncarnationStored & hansa.wire.IncarnationStored.$Shape;
            static create(properties?: hansa.wire.IncarnationStored.$Properties): hansa.wire.IncarnationStored;

            /**
             * Encodes the specified IncarnationStored message. Does not implicitly {@link hansa.wire.IncarnationStored.verify|verify} messages.
             * @param message IncarnationStored message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: hansa.wire.IncarnationStored.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes an IncarnationStored message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {hansa.wire.IncarnationStored & hansa.wire.IncarnationStored.$Shape} IncarnationStored
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): hansa.wire.IncarnationStored & hansa.wire.IncarnationStored.$Shape;
        }

        namespace IncarnationStored {

            /** Properties of an IncarnationStored. */
            interface $Properties {

                /** IncarnationStored incarnation */
                incarnation?: (Long|null);

                /** IncarnationStored instance */
                instance?: (Uint8Array|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of an IncarnationStored. */
            type $Shape = hansa.wire.IncarnationStored.$Properties;
        }

        /**
         * Properties of a FinalHeight.
         * @deprecated Use hansa.wire.FinalHeight.$Properties instead.
         */
        interface IFinalHeight extends hansa.wire.FinalHeight.$Properties {
        }

        /** Represents a FinalHeight. */
        class FinalHeight {

            /**
             * Constructs a new FinalHeight.
             * @param [properties] Properties to set
             */
            constructor(properties?: hansa.wire.FinalHeight.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** FinalHeight nonce. */
            nonce: Uint8Array;

            /** FinalHeight height. */
            height: Long;

            /** FinalHeight certificate. */
            certificate: Uint8Array;

            /**
             * Creates a new FinalHeight instance using the specified properties.
             * @param [properties] Properties to set
             * @returns FinalHeight instance
             */
            static create(properties: hansa.wire.FinalHeight.$Shape): hansa.wire.FinalHeight & hansa.wire.FinalHeight.$Shape;
            static create(properties?: hansa.wire.FinalHeight.$Properties): hansa.wire.FinalHeight;

            /**
             * Encodes the specified FinalHeight message. Does not implicitly {@link hansa.wire.FinalHeight.verify|verify} messages.
             * @param message FinalHeight message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: hansa.wire.FinalHeight.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a FinalHeight message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {hansa.wire.FinalHeight & hansa.wire.FinalHeight.$Shape} FinalHeight
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): hansa.wire.FinalHeight & hansa.wire.FinalHeight.$Shape;
        }

        namespace FinalHeight {

            /** Properties of a FinalHeight. */
            interface $Properties {

                /** FinalHeight nonce */
                nonce?: (Uint8Array|null);

                /** FinalHeight height */
                height?: (Long|null);

                /** FinalHeight certificate */
                certificate?: (Uint8Array|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a FinalHeight. */
            type $Shape = hansa.wire.FinalHeight.$Properties;
        }

        /**
         * Properties of a ConsensusFrame.
         * @deprecated Use hansa.wire.ConsensusFrame.$Properties instead.
         */
        interface IConsensusFrame extends hansa.wire.ConsensusFrame.$Properties {
        }

        /** Represents a ConsensusFrame. */
        class ConsensusFrame {

            /**
             * Constructs a new ConsensusFrame.
             * @param [properties] Properties to set
             */
            constructor(properties?: hansa.wire.ConsensusFrame.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** ConsensusFrame messages. */
            messages: Uint8Array[];

            /** ConsensusFrame incarnations. */
            incarnations: Uint8Array[];

            /** ConsensusFrame incarnationsStored. */
            incarnationsStored: hansa.wire.IncarnationStored.$Properties[];

            /** ConsensusFrame incarnationsHeld. */
            incarnationsHeld: Uint8Array[];

            /** ConsensusFrame finalHeightRequests. */
            finalHeightRequests: Uint8Array[];

            /** ConsensusFrame finalHeights. */
            finalHeights: hansa.wire.FinalHeight.$Properties[];

            /** ConsensusFrame proposalRequests. */
            proposalRequests: hansa.wire.ProposalRequest.$Properties[];

            /** ConsensusFrame proposalChains. */
            proposalChains: hansa.wire.ProposalChain.$Properties[];

            /** ConsensusFrame transactionRequests. */
            transactionRequests: Uint8Array[];

            /** ConsensusFrame transactions. */
            transactions: Uint8Array[];

            /**
             * Creates a new ConsensusFrame instance using the specified properties.
             * @param [properties] Properties to set
             * @returns ConsensusFrame instance
             */
            static create(properties: hansa.wire.ConsensusFrame.$Shape): hansa.wire.ConsensusFrame & hansa.wire.ConsensusFrame.$Shape;
            static create(properties?: hansa.wire.ConsensusFrame.$Properties): hansa.wire.ConsensusFrame;

            /**
             * Encodes the specified ConsensusFrame message. Does not implicitly {@link hansa.wire.ConsensusFrame.verify|verify} messages.
             * @param message ConsensusFrame message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: hansa.wire.ConsensusFrame.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a ConsensusFrame message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {hansa.wire.ConsensusFrame & hansa.wire.ConsensusFrame.$Shape} ConsensusFrame
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): hansa.wire.ConsensusFrame & hansa.wire.ConsensusFrame.$Shape;
        }

        namespace ConsensusFrame {

            /** Properties of a ConsensusFrame. */
            interface $Properties {

                /** ConsensusFrame messages */
                messages?: (Uint8Array[]|null);

                /** ConsensusFrame incarnations */
                incarnations?: (Uint8Array[]|null);

                /** ConsensusFrame incarnationsStored */
                incarnationsStored?: (hansa.wire.IncarnationStored.$Properties[]|null);

                /** ConsensusFrame incarnationsHeld */
                incarnationsHeld?: (Uint8Array[]|null);

                /** ConsensusFrame finalHeightRequests */
                finalHeightRequests?: (Uint8Array[]|null);

                /** ConsensusFrame finalHeights */
                finalHeights?: (hansa.wire.FinalHeight.$Properties[]|null);

                /** ConsensusFrame proposalRequests */
                proposalRequests?: (hansa.wire.ProposalRequest.$Properties[]|null);

                /** ConsensusFrame proposalChains */
                proposalChains?: (hansa.wire.ProposalChain.$Properties[]|null);

                /** ConsensusFrame transactionRequests */
                transactionRequests?: (Uint8Array[]|null);

                /** ConsensusFrame transactions */
                transactions?: (Uint8Array[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a ConsensusFrame. */
            type $Shape = hansa.wire.ConsensusFrame.$Properties;
        }

        /**
         * Properties of a TransactionsFrame.
         * @deprecated Use hansa.wire.TransactionsFrame.$Properties instead.
         */
        interface ITransactionsFrame extends hansa.wire.TransactionsFrame.$Properties {
        }

        /** Represents a TransactionsFrame. */
        class TransactionsFrame {

            /**
             * Constructs a new TransactionsFrame.
             * @param [properties] Properties to set
             */
            constructor(properties?: hansa.wire.TransactionsFrame.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** TransactionsFrame transactions. */
            transactions: Uint8Array[];

            /**
             * Creates a new TransactionsFrame instance using the specified properties.
             * @param [properties] Properties to set
             * @returns TransactionsFrame instance
             */
            static create(properties: hansa.wire.TransactionsFrame.$Shape): hansa.wire.TransactionsFrame & hansa.wire.TransactionsFrame.$Shape;
            static create(properties?: hansa.wire.TransactionsFrame.$Properties): hansa.wire.TransactionsFrame;

            /**
             * Encodes the specified TransactionsFrame message. Does not implicitly {@link hansa.wire.TransactionsFrame.verify|verify} messages.
             * @param message TransactionsFrame message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: hansa.wire.TransactionsFrame.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a TransactionsFrame message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {hansa.wire.TransactionsFrame & hansa.wire.TransactionsFrame.$Shape} TransactionsFrame
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): hansa.wire.TransactionsFrame & hansa.wire.TransactionsFrame.$Shape;
        }

        namespace TransactionsFrame {

            /** Properties of a TransactionsFrame. */
            interface $Properties {

                /** TransactionsFrame transactions */
                transactions?: (Uint8Array[]|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a TransactionsFrame. */
            type $Shape = hansa.wire.TransactionsFrame.$Properties;
        }

        /**
         * Properties of a SyncRequest.
         * @deprecated Use hansa.wire.SyncRequest.$Properties instead.
         */
        interface ISyncRequest extends hansa.wire.SyncRequest.$Properties {
        }

        /** Represents a SyncRequest. */
        class SyncRequest {

            /**
             * Constructs a new SyncRequest.
             * @param [properties] Properties to set
             */
            constructor(properties?: hansa.wire.SyncRequest.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** SyncRequest fromHeight. */
            fromHeight: Long;

            /** SyncRequest count. */
            count: number;

            /**
             * Creates a new SyncRequest instance using the specified properties.
             * @param [properties] Properties to set
             * @returns SyncRequest instance
             */
            static create(properties: hansa.wire.SyncRequest.$Shape): hansa.wire.SyncRequest & hansa.wire.SyncRequest.$Shape;
            static create(properties?: hansa.wire.SyncRequest.$Properties): hansa.wire.SyncRequest;

            /**
             * Encodes the specified SyncRequest message. Does not implicitly {@link hansa.wire.SyncRequest.verify|verify} messages.
             * @param message SyncRequest message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: hansa.wire.SyncRequest.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a SyncRequest message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {hansa.wire.SyncRequest & hansa.wire.SyncRequest.$Shape} SyncRequest
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): hansa.wire.SyncRequest & hansa.wire.SyncRequest.$Shape;
        }

        namespace SyncRequest {

            /** Properties of a SyncRequest. */
            interface $Properties {

                /** SyncRequest fromHeight */
                fromHeight?: (Long|null);

                /** SyncRequest count */
                count?: (number|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a SyncRequest. */
            type $Shape = hansa.wire.SyncRequest.$Properties;
        }

        /**
         * Properties of a SyncBlock.
         * @deprecated Use hansa.wire.SyncBlock.$Properties instead.
         */
        interface ISyncBlock extends hansa.wire.SyncBlock.$Properties {
        }

        /** Represents a SyncBlock. */
        class SyncBlock {

            /**
             * Constructs a new SyncBlock.
             * @param [properties] Properties to set
             */
            constructor(properties?: hansa.wire.SyncBlock.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** SyncBlock header. */
            header: Uint8Array;

            /** SyncBlock body. */
            body: Uint8Array;

            /** SyncBlock certificate. */
            certificate: Uint8Array;

            /**
             * Creates a new SyncBlock instance using the specified properties.
             * @param [properties] Properties to set
             * @returns SyncBlock instance
             */
            static create(properties: hansa.wire.SyncBlock.$Shape): hansa.wire.SyncBlock & hansa.wire.SyncBlock.$Shape;
            static create(properties?: hansa.wire.SyncBlock.$Properties): hansa.wire.SyncBlock;

            /**
             * Encodes the specified SyncBlock message. Does not implicitly {@link hansa.wire.SyncBlock.verify|verify} messages.
             * @param message SyncBlock message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: hansa.wire.SyncBlock.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a SyncBlock message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {hansa.wire.SyncBlock & hansa.wire.SyncBlock.$Shape} SyncBlock
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): hansa.wire.SyncBlock & hansa.wire.SyncBlock.$Shape;
        }

        namespace SyncBlock {

            /** Properties of a SyncBlock. */
            interface $Properties {

                /** SyncBlock header */
                header?: (Uint8Array|null);

                /** SyncBlock body */
                body?: (Uint8Array|null);

                /** SyncBlock certificate */
                certificate?: (Uint8Array|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a SyncBlock. */
            type $Shape = hansa.wire.SyncBlock.$Properties;
        }

        /**
         * Properties of a SyncResponse.
         * @deprecated Use hansa.wire.SyncResponse.$Properties instead.
         */
        interface ISyncResponse extends hansa.wire.SyncResponse.$Properties {
        }

        /** Represents a SyncResponse. */
        class SyncResponse {

            /**
             * Constructs a new SyncResponse.
             * @param [properties] Properties to set
             */
            constructor(properties?: hansa.wire.SyncResponse.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** SyncResponse blocks. */
            blocks: hansa.wire.SyncBlock.$Properties[];

            /** SyncResponse busy. */
            busy: boolean;

            /**
             * Creates a new SyncResponse instance using the specified properties.
             * @param [properties] Properties to set
             * @returns SyncResponse instance
             */
            static create(properties: hansa.wire.SyncResponse.$Shape): hansa.wire.SyncResponse & hansa.wire.SyncResponse.$Shape;
            static create(properties?: hansa.wire.SyncResponse.$Properties): hansa.wire.SyncResponse;

            /**
             * Encodes the specified SyncResponse message. Does not implicitly {@link hansa.wire.SyncResponse.verify|verify} messages.
             * @param message SyncResponse message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: hansa.wire.SyncResponse.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a SyncResponse message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {hansa.wire.SyncResponse & hansa.wire.SyncResponse.$Shape} SyncResponse
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): hansa.wire.SyncResponse & hansa.wire.SyncResponse.$Shape;
        }

        namespace SyncResponse {

            /** Properties of a SyncResponse. */
            interface $Properties {

                /** SyncResponse blocks */
                blocks?: (hansa.wire.SyncBlock.$Properties[]|null);

                /** SyncResponse busy */
                busy?: (boolean|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a SyncResponse. */
            type $Shape = hansa.wire.SyncResponse.$Properties;
        }

        /**
         * Properties of a SyncFrame.
         * @deprecated Use hansa.wire.SyncFrame.$Properties instead.
         */
        interface ISyncFrame extends hansa.wire.SyncFrame.$Properties {
        }

        /** Represents a SyncFrame. */
        class SyncFrame {

            /**
             * Constructs a new SyncFrame.
             * @param [properties] Properties to set
             */
            constructor(properties?: hansa.wire.SyncFrame.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** SyncFrame requestId. */
            requestId: number;

            /** SyncFrame request. */
            request?: (hansa.wire.SyncRequest.$Properties|null);

            /** SyncFrame response. */
            response?: (hansa.wire.SyncResponse.$Properties|null);

            /** SyncFrame changesRequest. */
            changesRequest: Long;

            /** SyncFrame changes. */
            changes: Uint8Array;

            /**
             * Creates a new SyncFrame instance using the specified properties.
             * @param [properties] Properties to set
             * @returns SyncFrame instance
             */
            static create(properties: hansa.wire.SyncFrame.$Shape): hansa.wire.SyncFrame & hansa.wire.SyncFrame.$Shape;
            static create(properties?: hansa.wire.SyncFrame.$Properties): hansa.wire.SyncFrame;

            /**
             * Encodes the specified SyncFrame message. Does not implicitly {@link hansa.wire.SyncFrame.verify|verify} messages.
             * @param message SyncFrame message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: hansa.wire.SyncFrame.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a SyncFrame message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {hansa.wire.SyncFrame & hansa.wire.SyncFrame.$Shape} SyncFrame
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): hansa.wire.SyncFrame & hansa.wire.SyncFrame.$Shape;
        }

        namespace SyncFrame {

            /** Properties of a SyncFrame. */
            interface $Properties {

                /** SyncFrame requestId */
                requestId?: (number|null);

                /** SyncFrame request */
                request?: (hansa.wire.SyncRequest.$Properties|null);

                /** SyncFrame response */
                response?: (hansa.wire.SyncResponse.$Properties|null);

                /** SyncFrame changesRequest */
                changesRequest?: (Long|null);

                /** SyncFrame changes */
                changes?: (Uint8Array|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a SyncFrame. */
            type $Shape = hansa.wire.SyncFrame.$Properties;
        }
    }
}
