/// <reference types="miniprogram-api-typings" />

/** One client for the whole mini program, as in the Zhenzi SDK. */
export const client: Client;

export class Client {
  /** Where requests go instead of `apiUrl`, once it is set. */
  baseUrl: string;

  /** With a publishable key, which is what a mini program should hold. */
  init(apiUrl: string, publishableKey: `pk_${string}`): void;
  /** With an AppSecret; whoever unpacks the mini program has it then, and a warning says so. */
  init(apiUrl: string, appId: string | number, appSecret: string): void;

  send(callback: Callback<string>, number: string, message: string, messageId?: string): void;
  send(callback: Callback<string>, data: TextMessage | TemplateMessage): void;
  balance(callback: Callback<number>): void;
  findSmsByMessageId(callback: Callback<SentMessage>, messageId: string): void;

  /** Send a code. */
  start(options: Start): Promise<Verification>;
  start(callback: OutcomeCallback<Verification>, options: Start): void;

  /** Send another code; the one before it is void. */
  resend(options: Resend): Promise<Verification>;
  resend(callback: OutcomeCallback<Verification>, options: Resend): void;

  /** Check the code that the person typed. */
  check(options: Check): Promise<Approved>;
  check(callback: OutcomeCallback<Approved>, options: Check): void;
}

// The API of the Zhenzi SDK

export interface Receiver {
  number: string;
  messageId?: string;
  /** Who asks: an address, or any identifier. */
  clientIp?: string;
}

export interface TextMessage extends Receiver {
  message: string;
}

export interface TemplateMessage extends Receiver {
  templateId: string | number;
  templateParams?: string[];
}

/** The response of `wx.request`. */
export type Callback<Data> = (res: Response<PlatformAnswer<Data>>) => void;

export interface Response<Body> {
  data: Body;
  /** 0 when no answer came. */
  statusCode: number;
  header: WechatMiniprogram.IAnyObject;
  cookies: string[];
  errMsg: string;
  errno?: number;
}

export type PlatformAnswer<Data> = { code: 0; data: Data } | Failure;

export interface Failure {
  /**
   * The platform's code, above 0; -1: no answer, or none that was understood; -2: refused by the
   * client itself, nothing was sent.
   */
  code: number;
  /** What is wrong, in words. */
  data: string;
}

export interface SentMessage {
  message: string;
  appName: string;
  createTime: string;
  status: string;
  toNumber: string;
  messageId: string;
}

// Verification with a publishable key

export interface Start {
  phone: string;
  /** What is verified; `register` when it is not said. */
  purpose?: string;
  /** What tells this phone from others; the client makes and keeps one. */
  device?: string;
}

export interface Resend {
  id: string;
  device?: string;
}

export interface Check extends Resend {
  /** A string: codes begin with 0, too. */
  code: string;
}

export interface Verification {
  id: string;
  phone: string;
  status: "pending";
  expires_at: string;
  resend_at: string;
  sends_left: number;
  /** Whole seconds until another code may be sent, by the server's clock. */
  resendIn: number;
  /** Whole seconds until the verification ends, by the server's clock. */
  expiresIn: number;
}

export interface Approved {
  status: "approved";
  /** For your own back end, which verifies it. */
  proof: string;
}

/** The codes of the server, and what the client says itself. */
export type ProblemCode =
  | "invalid_number"
  | "country_closed"
  | "too_soon"
  | "step_up_required"
  | "no_balance"
  | "no_route"
  | "invalid_purpose"
  | "invalid_code"
  | "invalid_or_expired"
  | "no_sends_left"
  | "unknown_key"
  | "key_not_allowed"
  | "limits_unavailable"
  | "overloaded"
  | "network"
  | "unreadable"
  | "refused_here"
  | (string & {});

export interface Problem {
  code: ProblemCode;
  detail: string;
  reason?: string;
  scope?: string;
  window?: string;
  retry_at?: string;
  verification_id?: string;
}

export type Outcome<Body> =
  | (Response<Body> & { ok: true; retryAfter: number })
  | (Response<Problem> & { ok: false; retryAfter: number });

export type OutcomeCallback<Body> = (outcome: Outcome<Body>) => void;

/** What the Promises of `start`, `resend` and `check` are rejected with. */
export interface HongyanError extends Error {
  name: "HongyanError";
  code: ProblemCode;
  /** The HTTP status; 0 when no answer came. */
  status: number;
  /** Seconds to wait; 0 when nothing is said of it. */
  retryAfter: number;
  /** Too soon: the verification that this very phone has begun; else empty. */
  verificationId: string;
  problem: Problem;
}
