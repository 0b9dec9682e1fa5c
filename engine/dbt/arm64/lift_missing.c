/* SPDX-License-Identifier: BSD-2-Clause */
/* Instructions of the table that no lifter has yet: UNDEFINED. */
#include "engine/dbt/arm64/lift.h"

#define LIFT_MISSING(X) \
	X(AESE) X(AESD) X(AESMC) X(AESIMC) X(SHA1C) X(SHA1P) X(SHA1M) X(SHA1SU0) X(SHA256H) X(SHA256H2) \
	X(SHA256SU1) X(SHA1H) X(SHA1SU1) X(SHA256SU0) X(FMOV_s) X(FMOV_h) X(FABS_s) X(FABS_h) X(FNEG_s) \
	X(FNEG_h) X(FSQRT_s) X(FSQRT_h) X(FRINTN_s) X(FRINTN_h) X(FRINTP_s) X(FRINTP_h) X(FRINTM_s) X(FRINTM_h) \
	X(FRINTZ_s) X(FRINTZ_h) X(FRINTA_s) X(FRINTA_h) X(FRINTX_s) X(FRINTX_h) X(FRINTI_s) X(FRINTI_h) \
	X(FRINT32Z_s) X(FRINT32X_s) X(FRINT64Z_s) X(FRINT64X_s) X(FCVT) X(FMUL_s) X(FMUL_h) X(FDIV_s) X(FDIV_h) \
	X(FADD_s) X(FADD_h) X(FSUB_s) X(FSUB_h) X(FMAX_s) X(FMAX_h) X(FMIN_s) X(FMIN_h) X(FMAXNM_s) X(FMAXNM_h) \
	X(FMINNM_s) X(FMINNM_h) X(FNMUL_s) X(FNMUL_h) X(FMADD_s) X(FMADD_h) X(FMSUB_s) X(FMSUB_h) X(FNMADD_s) \
	X(FNMADD_h) X(FNMSUB_s) X(FNMSUB_h) X(FCMP_s) X(FCMP_h) X(FCMPZ_s) X(FCMPZ_h) X(FCCMP_s) X(FCCMP_h) \
	X(FCSEL_s) X(FCSEL_h) X(FMOV_imm_s) X(FMOV_imm_h) X(FCVTNS_g) X(FCVTNS_gh) X(FCVTNU_g) X(FCVTNU_gh) \
	X(FCVTPS_g) X(FCVTPS_gh) X(FCVTPU_g) X(FCVTPU_gh) X(FCVTMS_g) X(FCVTMS_gh) X(FCVTMU_g) X(FCVTMU_gh) \
	X(FCVTZS_g) X(FCVTZS_gh) X(FCVTZU_g) X(FCVTZU_gh) X(SCVTF_g) X(SCVTF_gh) X(UCVTF_g) X(UCVTF_gh) \
	X(FCVTAS_g) X(FCVTAS_gh) X(FCVTAU_g) X(FCVTAU_gh) X(FMOV_fp_to_g) X(FMOV_g_to_fp) X(FMOV_h_to_g) \
	X(FMOV_g_to_h) X(FMOV_top_to_g) X(FMOV_g_to_top) X(SCVTF_gfix) X(SCVTF_gfixh) X(UCVTF_gfix) \
	X(UCVTF_gfixh) X(FCVTZS_gfix) X(FCVTZS_gfixh) X(FCVTZU_gfix) X(FCVTZU_gfixh) X(LD1_mult) X(LD2_mult) \
	X(LD3_mult) X(LD4_mult) X(LD1_mult_post) X(LD2_mult_post) X(LD3_mult_post) X(LD4_mult_post) X(ST1_mult) \
	X(ST2_mult) X(ST3_mult) X(ST4_mult) X(ST1_mult_post) X(ST2_mult_post) X(ST3_mult_post) X(ST4_mult_post) \
	X(LD1_lane) X(LD2_lane) X(LD3_lane) X(LD4_lane) X(LD1_lane_post) X(LD2_lane_post) X(LD3_lane_post) \
	X(LD4_lane_post) X(ST1_lane) X(ST2_lane) X(ST3_lane) X(ST4_lane) X(ST1_lane_post) X(ST2_lane_post) \
	X(ST3_lane_post) X(ST4_lane_post) X(LD1R) X(LD2R) X(LD3R) X(LD4R) X(LD1R_post) X(LD2R_post) \
	X(LD3R_post) X(LD4R_post) X(SHADD_v) X(SQADD_v) X(SRHADD_v) X(SHSUB_v) X(SQSUB_v) X(CMGT_v) X(CMGE_v) \
	X(SSHL_v) X(SQSHL_v) X(SRSHL_v) X(SQRSHL_v) X(SMAX_v) X(SMIN_v) X(SABD_v) X(SABA_v) X(ADD_v) X(CMTST_v) \
	X(MLA_v) X(MUL_v) X(SMAXP_v) X(SMINP_v) X(SQDMULH_v) X(ADDP_v) X(UHADD_v) X(UQADD_v) X(URHADD_v) \
	X(UHSUB_v) X(UQSUB_v) X(CMHI_v) X(CMHS_v) X(USHL_v) X(UQSHL_v) X(URSHL_v) X(UQRSHL_v) X(UMAX_v) \
	X(UMIN_v) X(UABD_v) X(UABA_v) X(SUB_v) X(CMEQ_v) X(MLS_v) X(UMAXP_v) X(UMINP_v) X(SQRDMULH_v) X(PMUL_v) \
	X(AND_v) X(BIC_v) X(ORR_v) X(ORN_v) X(EOR_v) X(BSL_v) X(BIT_v) X(BIF_v) X(SQRDMLAH_v) X(SQRDMLSH_v) \
	X(SDOT_v) X(UDOT_v) X(FMAXNM_v) X(FMAXNM_vh) X(FMLA_v) X(FMLA_vh) X(FADD_v) X(FADD_vh) X(FMULX_v) \
	X(FMULX_vh) X(FCMEQ_v) X(FCMEQ_vh) X(FMAX_v) X(FMAX_vh) X(FRECPS_v) X(FRECPS_vh) X(FMINNM_v) \
	X(FMINNM_vh) X(FMLS_v) X(FMLS_vh) X(FSUB_v) X(FSUB_vh) X(FMIN_v) X(FMIN_vh) X(FRSQRTS_v) X(FRSQRTS_vh) \
	X(FMAXNMP_v) X(FMAXNMP_vh) X(FADDP_v) X(FADDP_vh) X(FMUL_v) X(FMUL_vh) X(FCMGE_v) X(FCMGE_vh) \
	X(FACGE_v) X(FACGE_vh) X(FMAXP_v) X(FMAXP_vh) X(FDIV_v) X(FDIV_vh) X(FMINNMP_v) X(FMINNMP_vh) X(FABD_v) \
	X(FABD_vh) X(FCMGT_v) X(FCMGT_vh) X(FACGT_v) X(FACGT_vh) X(FMINP_v) X(FMINP_vh) X(SADDL_v) X(SADDW_v) \
	X(SSUBL_v) X(SSUBW_v) X(ADDHN_v) X(SABAL_v) X(SUBHN_v) X(SABDL_v) X(SMLAL_v) X(SQDMLAL_v) X(SMLSL_v) \
	X(SQDMLSL_v) X(SMULL_v) X(SQDMULL_v) X(UADDL_v) X(UADDW_v) X(USUBL_v) X(USUBW_v) X(RADDHN_v) X(UABAL_v) \
	X(RSUBHN_v) X(UABDL_v) X(UMLAL_v) X(UMLSL_v) X(UMULL_v) X(PMULL_v) X(PMULL_1q) X(REV64_v) X(SADDLP_v) \
	X(SUQADD_v) X(CLS_v) X(SADALP_v) X(SQABS_v) X(CMGT_vz) X(CMEQ_vz) X(CMLT_vz) X(ABS_v) X(XTN_v) \
	X(SQXTN_v) X(REV32_v) X(UADDLP_v) X(USQADD_v) X(CLZ_v) X(UADALP_v) X(SQNEG_v) X(CMGE_vz) X(CMLE_vz) \
	X(NEG_v) X(SQXTUN_v) X(SHLL_v) X(UQXTN_v) X(REV16_v) X(CNT_v) X(NOT_v) X(RBIT_v) X(FCVTN_v) X(FCVTL_v) \
	X(FCVTXN_v) X(URECPE_v) X(URSQRTE_v) X(FRINTN_v) X(FRINTN_vh) X(FRINTM_v) X(FRINTM_vh) X(FCVTNS_v) \
	X(FCVTNS_vh) X(FCVTMS_v) X(FCVTMS_vh) X(FCVTAS_v) X(FCVTAS_vh) X(SCVTF_v) X(SCVTF_vh) X(FCMGT_vz) \
	X(FCMGT_vzh) X(FCMEQ_vz) X(FCMEQ_vzh) X(FCMLT_vz) X(FCMLT_vzh) X(FABS_v) X(FABS_vh) X(FRINTP_v) \
	X(FRINTP_vh) X(FRINTZ_v) X(FRINTZ_vh) X(FCVTPS_v) X(FCVTPS_vh) X(FCVTZS_v) X(FCVTZS_vh) X(FRECPE_v) \
	X(FRECPE_vh) X(FRINTA_v) X(FRINTA_vh) X(FRINTX_v) X(FRINTX_vh) X(FCVTNU_v) X(FCVTNU_vh) X(FCVTMU_v) \
	X(FCVTMU_vh) X(FCVTAU_v) X(FCVTAU_vh) X(UCVTF_v) X(UCVTF_vh) X(FCMGE_vz) X(FCMGE_vzh) X(FCMLE_vz) \
	X(FCMLE_vzh) X(FNEG_v) X(FNEG_vh) X(FRINTI_v) X(FRINTI_vh) X(FCVTPU_v) X(FCVTPU_vh) X(FCVTZU_v) \
	X(FCVTZU_vh) X(FRSQRTE_v) X(FRSQRTE_vh) X(FSQRT_v) X(FSQRT_vh) X(FRINT32Z_v) X(FRINT64Z_v) \
	X(FRINT32X_v) X(FRINT64X_v) X(SADDLV) X(SMAXV) X(SMINV) X(ADDV) X(UADDLV) X(UMAXV) X(UMINV) X(FMAXNMV) \
	X(FMAXNMV_h) X(FMAXV) X(FMAXV_h) X(FMINNMV) X(FMINNMV_h) X(FMINV) X(FMINV_h) X(DUP_elem) X(DUP_gen) \
	X(SMOV) X(UMOV) X(INS_gen) X(INS_elem) X(EXT) X(TBL) X(TBX) X(UZP1) X(TRN1) X(ZIP1) X(UZP2) X(TRN2) \
	X(ZIP2) X(MOVI) X(MVNI) X(ORR_vi) X(BIC_vi) X(FMOV_vi) X(FMOV_vih) X(SSHR_v) X(SSRA_v) X(SRSHR_v) \
	X(SRSRA_v) X(USHR_v) X(USRA_v) X(URSHR_v) X(URSRA_v) X(SRI_v) X(SHL_v) X(SLI_v) X(SQSHL_vi) \
	X(SQSHLU_vi) X(UQSHL_vi) X(SHRN_v) X(RSHRN_v) X(SQSHRN_v) X(SQRSHRN_v) X(SQSHRUN_v) X(SQRSHRUN_v) \
	X(UQSHRN_v) X(UQRSHRN_v) X(SSHLL_v) X(USHLL_v) X(SCVTF_vfix) X(SCVTF_vfixh) X(FCVTZS_vfix) \
	X(FCVTZS_vfixh) X(UCVTF_vfix) X(UCVTF_vfixh) X(FCVTZU_vfix) X(FCVTZU_vfixh) X(SMLAL_ve) X(SQDMLAL_ve) \
	X(SMLSL_ve) X(SQDMLSL_ve) X(MUL_ve) X(SMULL_ve) X(SQDMULL_ve) X(SQDMULH_ve) X(SQRDMULH_ve) X(MLA_ve) \
	X(MLS_ve) X(UMLAL_ve) X(UMLSL_ve) X(UMULL_ve) X(SQRDMLAH_ve) X(SQRDMLSH_ve) X(SDOT_ve) X(UDOT_ve) \
	X(FMLA_ve) X(FMLA_veh) X(FMLS_ve) X(FMLS_veh) X(FMUL_ve) X(FMUL_veh) X(FMULX_ve) X(FMULX_veh) \
	X(SQADD_s) X(SQSUB_s) X(CMGT_s) X(CMGE_s) X(SSHL_s) X(SQSHL_s) X(SRSHL_s) X(SQRSHL_s) X(ADD_s) \
	X(CMTST_s) X(SQDMULH_s) X(UQADD_s) X(UQSUB_s) X(CMHI_s) X(CMHS_s) X(USHL_s) X(UQSHL_s) X(URSHL_s) \
	X(UQRSHL_s) X(SUB_s) X(CMEQ_s) X(SQRDMULH_s) X(SQRDMLAH_s) X(SQRDMLSH_s) X(FMULX_s) X(FMULX_h) \
	X(FCMEQ_s) X(FCMEQ_h) X(FRECPS_s) X(FRECPS_h) X(FRSQRTS_s) X(FRSQRTS_h) X(FCMGE_s) X(FCMGE_h) \
	X(FACGE_s) X(FACGE_h) X(FABD_s) X(FABD_h) X(FCMGT_s) X(FCMGT_h) X(FACGT_s) X(FACGT_h) X(SQDMLAL_s) \
	X(SQDMLSL_s) X(SQDMULL_s) X(SUQADD_s) X(SQABS_s) X(CMGT_sz) X(CMEQ_sz) X(CMLT_sz) X(ABS_s) X(SQXTN_s) \
	X(USQADD_s) X(SQNEG_s) X(CMGE_sz) X(CMLE_sz) X(NEG_s) X(SQXTUN_s) X(UQXTN_s) X(FCVTXN_s) X(FCVTNS_s) \
	X(FCVTNS_h) X(FCVTMS_s) X(FCVTMS_h) X(FCVTAS_s) X(FCVTAS_h) X(SCVTF_s) X(SCVTF_h) X(FCMGT_sz) \
	X(FCMGT_hz) X(FCMEQ_sz) X(FCMEQ_hz) X(FCMLT_sz) X(FCMLT_hz) X(FCVTPS_s) X(FCVTPS_h) X(FCVTZS_s) \
	X(FCVTZS_h) X(FRECPE_s) X(FRECPE_h) X(FCVTNU_s) X(FCVTNU_h) X(FCVTMU_s) X(FCVTMU_h) X(FCVTAU_s) \
	X(FCVTAU_h) X(UCVTF_s) X(UCVTF_h) X(FCMGE_sz) X(FCMGE_hz) X(FCMLE_sz) X(FCMLE_hz) X(FCVTPU_s) \
	X(FCVTPU_h) X(FCVTZU_s) X(FCVTZU_h) X(FRSQRTE_s) X(FRSQRTE_h) X(FRECPX_s) X(FRECPX_h) X(DUP_s) \
	X(ADDP_sp) X(FMAXNMP_sp) X(FMAXNMP_sph) X(FADDP_sp) X(FADDP_sph) X(FMAXP_sp) X(FMAXP_sph) X(FMINNMP_sp) \
	X(FMINNMP_sph) X(FMINP_sp) X(FMINP_sph) X(SSHR_s) X(SSRA_s) X(SRSHR_s) X(SRSRA_s) X(USHR_s) X(USRA_s) \
	X(URSHR_s) X(URSRA_s) X(SRI_s) X(SHL_s) X(SLI_s) X(SQSHL_si) X(SQSHLU_si) X(UQSHL_si) X(SQSHRN_s) \
	X(SQRSHRN_s) X(SQSHRUN_s) X(SQRSHRUN_s) X(UQSHRN_s) X(UQRSHRN_s) X(SCVTF_sfix) X(SCVTF_sfixh) \
	X(FCVTZS_sfix) X(FCVTZS_sfixh) X(UCVTF_sfix) X(UCVTF_sfixh) X(FCVTZU_sfix) X(FCVTZU_sfixh) \
	X(SQDMLAL_se) X(SQDMLSL_se) X(SQDMULL_se) X(SQDMULH_se) X(SQRDMULH_se) X(SQRDMLAH_se) X(SQRDMLSH_se) \
	X(FMLA_se) X(FMLA_seh) X(FMLS_se) X(FMLS_seh) X(FMUL_se) X(FMUL_seh) X(FMULX_se) X(FMULX_seh)

#define X(name) LIFT(name) { lift_undefined(l); }
LIFT_MISSING(X)
#undef X
